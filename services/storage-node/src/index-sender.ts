// How the partitions on this node reach the partitions of global secondary indexes: by this node's copy of the map, at
// the leader as far as known. Whoever answers that it does not lead says who does. A batch is given up after a while;
// its sender looks at the map again and repeats it (packages/partition, index-queue.ts).
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { SplitTold } from "@azimuth/control-plane/halves.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import type { IndexDoors } from "@azimuth/partition/index-queue.ts";
import { indexWriteMethod, type IndexWriteCommand } from "@azimuth/partition/index-writes.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Requester, RequestResult } from "@azimuth/rpc/requests.ts";

const attemptTimeoutMs = 1000;
const pauseMs = 20;
const deadlineMs = 1500;
/** Hints followed without a pause. */
const quickCorrectionsMax = 3;

export interface IndexSenderDoors {
  readonly clock: Clock;
  readonly requester: Requester;
  /** It learns of splits, so that their halves are found while group 0 is away. */
  readonly routes: MapFollower;
  refreshMap(done: () => void): void;
}

export function createIndexSender({ clock, requester, routes, refreshMap }: IndexSenderDoors): IndexDoors {
  const leaderByPartition = new Map<number, number>();

  function deliver(partition: number, command: IndexWriteCommand, done: (taken: boolean) => void): void {
    const deadline = clock.now() + deadlineMs;
    const body = encodeBody(command);
    let turn = 0;
    let corrections = 0;
    const pauseThenRetry = (): void => {
      turn++;
      leaderByPartition.delete(partition);
      clock.after(pauseMs, attempt);
    };
    const redirected = (from: number, leader: number): void => {
      if (leader === 0 || leader === from || ++corrections > quickCorrectionsMax) return pauseThenRetry();
      leaderByPartition.set(partition, leader);
      attempt();
    };
    const attempt = (): void => {
      const record = routes.group(partition);
      if (record === undefined || clock.now() >= deadline) return done(false);
      const { voters, epoch } = record;
      const node = leaderByPartition.get(partition) ?? nodeOfReplica(voters[turn % voters.length] as number);
      const name = routes.node(node)?.name;
      if (name === undefined) return pauseThenRetry();
      const request = {
        method: indexWriteMethod, group: partition, epoch, trace: "", token: new Uint8Array(0), attempt: 0, body,
      };
      requester.request(name, request, attemptTimeoutMs, (result) => answered(node, result));
    };
    const answered = (node: number, result: RequestResult): void => {
      if (result.kind !== "response") return pauseThenRetry();
      switch (result.status) {
        case "ok":
          leaderByPartition.set(partition, node);
          return done(true);
        case "not-leader":
          return redirected(node, decodeBody<{ leader: number }>(result.body).leader);
        case "wrong-epoch":
          // The index's ranges are others than this node knows: the batch has to be sorted anew.
          return learns(partition, result.body) ? done(false) : refreshMap(() => done(false));
        default:
          return pauseThenRetry();
      }
    };
    attempt();
  }

  /** Who answers that its range is another one says why, if a split is. */
  function learns(partition: number, body: Uint8Array): boolean {
    return body.length > 0 && routes.learnSplit(partition, decodeBody<SplitTold>(body));
  }

  return {
    locate: (indexId, token) => routes.partitionFor(indexId, token)?.partition,
    deliver,
  };
}
