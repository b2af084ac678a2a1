// Gets one command to the replica that can carry it out, and its outcome back, from a router or a storage
// node. The sender follows the map and what nodes answer: a hint to the leader, a stale epoch, a broken
// connection. Until the deadline it tries again, so that a client sees a failover as latency and not as an
// error. A write keeps its request token over all attempts, and every attempt after the first says so: the
// partition then looks for an earlier one's record before deciding.
import { buggify } from "@azimuth/foundation/buggify.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type {
  Outcome,
  PointReadCommand,
  RangeReadCommand,
  WriteCommand,
} from "@azimuth/operations/operation.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import type { Requester, RequestResult } from "@azimuth/rpc/requests.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import type { SplitTold } from "./halves.ts";
import type { MapFollower } from "./map-follower.ts";

export interface DispatchContext {
  /** The request id of the log lines. */
  readonly trace: string;
  /** Clock time (Clock.now) after which no attempt is begun or waited for. */
  readonly deadline: number;
  /** 16 bytes, for writes. */
  readonly requestToken: Uint8Array;
  /** Above 0 when the client itself has tried before. */
  readonly firstAttempt: number;
}

/** Which replica of which partition an answer came from. */
export interface AnsweringReplica {
  readonly node: string;
  readonly partition: number;
  readonly replica: number;
  /** It was the partition's leader, or took itself for it. */
  readonly leads: boolean;
}

export type DispatchResult =
  | {
      readonly kind: "ok";
      readonly outcome: Outcome;
      readonly answeredBy: AnsweringReplica;
      /** Last token of the partition that answered, as it was then: a split may have moved the map on since. */
      readonly lastToken: string;
    }
  /** The table or its partition is no more. */
  | { readonly kind: "gone" }
  /** A write may or may not have happened. */
  | { readonly kind: "unknown" }
  /** Nothing was done: no replica could answer in time. */
  | { readonly kind: "unavailable" };

export interface DispatchDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly requester: Requester;
  readonly follower: MapFollower;
  readonly zone: string;
  /** A node that could not be reached just now: others are asked first. */
  isSilent(name: string): boolean;
  refreshMap(done: () => void): void;
  /** Takes a split into the map that group 0 may not have recorded; true when it is new. Absent: waits for group 0. */
  learnSplit?(partition: number, split: SplitTold): boolean;
}

export interface Dispatcher {
  write(command: WriteCommand, context: DispatchContext, done: (result: DispatchResult) => void): void;
  /** `token` picks the partition: of the item's key, or any within the range read. */
  read(
    command: PointReadCommand | RangeReadCommand,
    token: string,
    context: DispatchContext,
    done: (result: DispatchResult) => void,
  ): void;
}

const attemptTimeoutMs = 1000;
const staleReadTimeoutMs = 300;
const pauseMs = 20;
/** Hints and other quick corrections followed without a pause. */
const quickCorrectionsMax = 3;

export function createDispatcher(doors: DispatchDoors): Dispatcher {
  const leaderByPartition = new Map<number, number>();
  return {
    write(command, context, done) {
      const body = encodeBody(command as unknown as Plain);
      const { tableId, position } = command;
      new Delivery(
        doors,
        leaderByPartition,
        { method: "write", body, tableId, token: position.token, atLeader: true },
        context,
        done,
      ).attempt();
    },
    read(command, token, context, done) {
      const body = encodeBody(command as unknown as Plain);
      const { tableId, consistent: atLeader } = command;
      new Delivery(
        doors,
        leaderByPartition,
        { method: "read", body, tableId, token, atLeader },
        context,
        done,
      ).attempt();
    },
  };
}

type Response = Extract<RequestResult, { kind: "response" }>;

interface Parcel {
  readonly method: "write" | "read";
  readonly body: Uint8Array;
  readonly tableId: number;
  readonly token: string;
  /** Only the leader may answer; otherwise any replica, the own zone's first. */
  readonly atLeader: boolean;
}

/** One command on its way, over all its attempts. */
class Delivery {
  readonly #doors: DispatchDoors;
  readonly #leaders: Map<number, number>;
  readonly #parcel: Parcel;
  readonly #context: DispatchContext;
  readonly #done: (result: DispatchResult) => void;
  #attempts = 0;
  #corrections = 0;
  #turn = 0;
  #refreshes = 0;
  #mayHaveHappened = false;

  constructor(
    doors: DispatchDoors,
    leaders: Map<number, number>,
    parcel: Parcel,
    context: DispatchContext,
    done: (result: DispatchResult) => void,
  ) {
    this.#doors = doors;
    this.#leaders = leaders;
    this.#parcel = parcel;
    this.#context = context;
    this.#done = done;
  }

  attempt = (): void => {
    const { clock, follower, requester } = this.#doors;
    const remaining = this.#context.deadline - clock.now();
    if (remaining <= 0) return this.#giveUp();
    const partition = follower.partitionFor(this.#parcel.tableId, this.#parcel.token);
    if (partition === undefined) return this.#refreshThenRetry();
    if (buggify("a router forgets who leads")) this.#leaders.delete(partition.partition);
    const node = this.#parcel.atLeader ? this.#leaderGuess(partition) : this.#nearestReplica(partition);
    const name = follower.node(node)?.name;
    if (name === undefined) {
      // The node was forgotten with its lost disk: what is remembered of the leader must not lead there again.
      this.#leaders.delete(partition.partition);
      this.#turn++;
      return this.#refreshThenRetry();
    }
    const { trace, requestToken, firstAttempt } = this.#context;
    const timeout = Math.min(remaining, this.#parcel.atLeader ? attemptTimeoutMs : staleReadTimeoutMs);
    const request = {
      method: this.#parcel.method,
      group: partition.partition,
      epoch: partition.epoch,
      trace,
      token: requestToken,
      attempt: firstAttempt + this.#attempts,
      body: this.#parcel.body,
    };
    requester.request(name, request, timeout, (result) => {
      if (result.kind !== "response") return this.#lost(partition);
      this.#answered(partition, node, name, result);
    });
  };

  #answered(partition: PartitionRecord, node: number, name: string, response: Response): void {
    const { body, replica, leads } = response;
    switch (response.status) {
      case "ok":
        if (buggify("an answer is thrown away")) return this.#lost(partition);
        if (this.#parcel.atLeader) this.#leaders.set(partition.partition, node);
        return this.#done({
          kind: "ok",
          outcome: decodeBody<Outcome>(body),
          answeredBy: { node: name, partition: partition.partition, replica, leads },
          lastToken: partition.lastToken,
        });
      case "not-leader":
        return this.#redirected(partition, node, decodeBody<{ leader: number }>(body).leader);
      case "wrong-epoch":
        return this.#rangeChanged(partition, node, body);
      case "unknown-partition":
        return this.#misdirected(partition);
      case "unknown":
        return this.#lost(partition);
      default:
        this.#turn++;
        return this.#pauseThenRetry();
    }
  }

  /** Who answers that its range is another one says why, if a split is. The child is likely led from there, too. */
  #rangeChanged(partition: PartitionRecord, node: number, body: Uint8Array): void {
    const told = body.length === 0 ? undefined : decodeBody<SplitTold>(body);
    if (told !== undefined && this.#doors.learnSplit?.(partition.partition, told) === true) {
      probe("a router heard of a split from a replica");
      if (this.#parcel.atLeader) this.#leaders.set(told.child, node);
    }
    const now = this.#doors.follower.partitionFor(this.#parcel.tableId, this.#parcel.token);
    const isCorrected = now !== undefined && now.epoch > partition.epoch && ++this.#corrections <= quickCorrectionsMax;
    if (isCorrected) this.attempt();
    else this.#misdirected(partition);
  }

  #misdirected(partition: PartitionRecord): void {
    this.#turn++;
    this.#leaders.delete(partition.partition);
    this.#refreshThenRetry();
  }

  #redirected(partition: PartitionRecord, from: number, leader: number): void {
    // A follower may still believe in a leader that cannot be reached; by the next try it may know better.
    if (leader === 0 || leader === from || this.#isSilent(leader)) {
      if (this.#leaders.get(partition.partition) === from) this.#leaders.delete(partition.partition);
      this.#turn++;
      return this.#pauseThenRetry();
    }
    this.#leaders.set(partition.partition, leader);
    probe("a router was pointed to another leader");
    if (++this.#corrections <= quickCorrectionsMax) return this.attempt();
    this.#pauseThenRetry();
  }

  /** No answer, or the node itself does not know: the attempt may still take effect. */
  #lost(partition: PartitionRecord): void {
    if (this.#parcel.method === "write") this.#mayHaveHappened = true;
    this.#attempts++;
    this.#turn++;
    this.#leaders.delete(partition.partition);
    this.#pauseThenRetry();
  }

  #refreshThenRetry(): void {
    if (
      ++this.#refreshes > 2 &&
      this.#doors.follower.partitionFor(this.#parcel.tableId, this.#parcel.token) === undefined
    ) {
      // What is gone may have been there when an attempt of this write was lost.
      return this.#done({ kind: this.#mayHaveHappened ? "unknown" : "gone" });
    }
    this.#doors.refreshMap(() => this.#pauseThenRetry());
  }

  #pauseThenRetry(): void {
    const { clock, random } = this.#doors;
    clock.after(pauseMs * (0.5 + random.next()), this.attempt);
  }

  #giveUp(): void {
    if (this.#mayHaveHappened) probe("a router could not tell whether a write happened");
    this.#done({ kind: this.#mayHaveHappened ? "unknown" : "unavailable" });
  }

  #leaderGuess(partition: PartitionRecord): number {
    const known = this.#leaders.get(partition.partition);
    if (known !== undefined && !this.#isSilent(known)) return known;
    const nodes = partition.voters.map(nodeOfReplica);
    const heard = nodes.filter((node) => !this.#isSilent(node));
    const pool = heard.length > 0 ? heard : nodes;
    return pool[(this.#turn + partition.partition) % pool.length] as number;
  }

  #nearestReplica(partition: PartitionRecord): number {
    const { follower, zone } = this.#doors;
    const distance = (node: number): number =>
      (follower.node(node)?.zone === zone ? 0 : 1) + (this.#isSilent(node) ? 2 : 0);
    const ordered = partition.voters
      .map(nodeOfReplica)
      .sort((left, right) => distance(left) - distance(right));
    return ordered[this.#turn % ordered.length] as number;
  }

  #isSilent(node: number): boolean {
    const name = this.#doors.follower.node(node)?.name;
    return name !== undefined && this.#doors.isSilent(name);
  }
}
