// The control plane on one node: a replica of group 0, and, while it leads, the place where commands are
// decided and the autoadmin runs.
//
//   handle → queue → decide the whole queue on the applied state → propose one entry → applied → answer all
//
// One entry is under way at a time; commands that come meanwhile wait and share the next one. So a decision
// always sees everything before it, applied, and nothing that could still be lost: what a batch decides for
// its later commands is kept in a copy of the state that is dropped with the batch. Control commands are
// rare; a pipeline would buy nothing.
//
// A batch without effects (reads, refusals) is answered once ReadIndex has confirmed that this replica still
// leads; a refusal in a batch with effects, once those have committed.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { ConfigState, Role } from "@azimuth/raft/types.ts";
import { nodeOfReplica, type ProposalResult, type ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { AppliedEntry, KeyRange, StateMachine, StoredState } from "@azimuth/replication/state-machine.ts";
import type { Engine, EngineReader, WriteOperation } from "@azimuth/storage/engine.ts";
import { controlRange } from "@azimuth/storage/keys/control-key.ts";
import { createAutoadmin, type Autoadmin, type AutoadminOptions } from "./autoadmin.ts";
import type { ClusterMap } from "./cluster-map.ts";
import type { ControlAnswer, ControlCommand, ControlOutcome } from "./commands.ts";
import { ControlMachine } from "./control-machine.ts";
import { encodeEffects, type ControlEffect } from "./control-records.ts";
import { checkInvariants, controlGroup, type ControlState } from "./control-state.ts";
import { decide } from "./decide.ts";
import type { DecisionOptions } from "./decision.ts";
import type { Instruction } from "./instructions.ts";
import { clusterMapOf, deltaSince } from "./map-view.ts";
import type { NodeReport } from "./node-report.ts";
import type { MapDelta, MapSource } from "./watch.ts";

export interface ControlPlaneDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly engine: Engine;
  readonly host: ReplicationHost;
  /** Sends an instruction to a node (it may be this one); it may be lost. */
  instruct(node: number, instruction: Instruction): void;
}

export interface ControlPlaneConfig extends DecisionOptions {
  readonly autoadmin: AutoadminOptions;
  /** Numbers of the nodes that found the cluster, reserved for them. */
  readonly foundingNodes?: readonly number[];
}

export interface ControlPlane extends StateMachine, MapSource {
  /** `done` runs exactly once. */
  handle(command: ControlCommand, done: (answer: ControlAnswer) => void): void;
  /** Takes a node's report; only the leader listens. */
  report(report: NodeReport): void;
  /** The reports the leader holds, newest of each node: for the console. */
  reports(): readonly NodeReport[];
  /** Whether commands are decided here. */
  isLeading(): boolean;
  map(): ClusterMap;
  changesSince(revision: number): MapDelta | undefined;
  /** `listener` runs after each change of the map; returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
  checkInvariants(): void;
  /** Stops the timers; waiting commands are answered "unavailable". */
  close(): void;
}

/** Commands that wait for their turn; more are answered "unavailable". */
const queueMax = 1000;
/** Commands decided into one entry. */
const batchMax = 64;

interface Waiting {
  readonly command: ControlCommand;
  readonly done: (answer: ControlAnswer) => void;
}

interface Decided {
  readonly waiting: Waiting;
  readonly outcome: ControlOutcome;
}

export function createControlPlane(doors: ControlPlaneDoors, config: ControlPlaneConfig): ControlPlane {
  return new GroupZero(doors, config);
}

class GroupZero implements ControlPlane {
  readonly #doors: ControlPlaneDoors;
  readonly #config: ControlPlaneConfig;
  readonly #machine: ControlMachine;
  readonly #autoadmin: Autoadmin;
  readonly #timer: Timer;
  readonly #listeners = new Set<() => void>();
  #queue: Waiting[] = [];
  #inFlight = false;
  #pumpScheduled = false;
  #planScheduled = false;
  #leading = false;
  #closed = false;
  #announcedRevision = 0;

  constructor(doors: ControlPlaneDoors, config: ControlPlaneConfig) {
    this.#doors = doors;
    this.#config = config;
    this.#machine = new ControlMachine(doors.engine);
    this.#autoadmin = createAutoadmin({
      clock: doors.clock,
      log: doors.log,
      run: (command, done) => this.handle(command, done),
      instruct: (node, instruction) => doors.instruct(node, instruction),
    }, config.autoadmin);
    this.#timer = doors.clock.every(config.autoadmin.planPeriodMs, () => this.#plan());
  }

  apply(entry: AppliedEntry, batch: WriteOperation[]): unknown {
    this.#machine.apply(entry, batch);
    return undefined;
  }

  appliedThrough(): void {
    this.#announce();
  }

  configChanged(_config: ConfigState, _context: Uint8Array): void {
    // The autoadmin learns of it by the node's report, as for every other group.
  }

  roleChanged(role: Role, _leader: number, term: number): void {
    if (role === "leader" || !this.#leading) return;
    this.#doors.log.info("no longer leads the control plane", { term });
    this.#leading = false;
    this.#autoadmin.stop();
    if (this.#inFlight) probe("the control plane's leader changed with commands under way");
    const dropped = this.#queue;
    this.#queue = [];
    for (const { done } of dropped) done(this.#notLeader());
  }

  leaderReady(term: number): void {
    this.#doors.log.info("leads the control plane", { term });
    this.#leading = true;
    this.#autoadmin.start();
    this.#bootstrapIfNew();
  }

  #bootstrapIfNew(): void {
    if (this.#machine.state.meta !== undefined || this.#queue.length > 0) return;
    const voters = this.#doors.host.status(controlGroup)?.config.voters;
    assert(voters !== undefined, "a leader knows its group's members");
    this.handle({ operation: "Bootstrap", voters, foundingNodes: this.#config.foundingNodes ?? [] }, () => {});
  }

  remainsIn(_reader: EngineReader, done: (ranges: readonly KeyRange[]) => void): void {
    done([controlRange()]);
  }

  stateIn(_reader: EngineReader, done: (state: StoredState) => void): void {
    done({ ranges: [controlRange()], extent: "" });
  }

  mayReceive(): boolean {
    return true;
  }

  load(done: () => void): void {
    this.#machine.load(() => {
      this.#announce();
      done();
    });
  }

  handle(command: ControlCommand, done: (answer: ControlAnswer) => void): void {
    if (this.#closed) return done({ status: "unavailable", reason: "shutting down" });
    if (!this.#leading) return done(this.#notLeader());
    if (this.#queue.length >= queueMax) return done({ status: "unavailable", reason: "too many commands wait" });
    if (this.#machine.state.meta === undefined && command.operation !== "Bootstrap") {
      return done({ status: "unavailable", reason: "the cluster is being set up" });
    }
    this.#queue.push({ command, done });
    this.#schedulePump();
  }

  report(report: NodeReport): void {
    if (!this.#leading || this.#closed) return;
    if (this.#autoadmin.report(report)) this.#schedulePlan();
  }

  reports(): readonly NodeReport[] {
    return this.#autoadmin.reports();
  }

  isLeading(): boolean {
    return this.#leading;
  }

  map(): ClusterMap {
    return clusterMapOf(this.#machine.state, this.#machine.history.revision);
  }

  changesSince(revision: number): MapDelta | undefined {
    return deltaSince(this.#machine.state, this.#machine.history, revision);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  checkInvariants(): void {
    checkInvariants(this.#machine.state);
  }

  close(): void {
    this.#closed = true;
    this.#leading = false;
    this.#timer.cancel();
    const dropped = this.#queue;
    this.#queue = [];
    for (const { done } of dropped) done({ status: "unavailable", reason: "shutting down" });
  }

  /** Decides at the end of the turn, so that commands which arrive together share an entry. */
  #schedulePump(): void {
    if (this.#pumpScheduled || this.#inFlight) return;
    this.#pumpScheduled = true;
    this.#doors.clock.defer(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#inFlight || !this.#leading || this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, batchMax);
    this.#inFlight = true;
    const { decided, effects } = this.#decideAll(batch);
    if (effects.length === 0) {
      this.#doors.host.readIndex(controlGroup, (result) =>
        this.#finish(decided, result.kind === "confirmed" ? undefined : this.#notLeader()));
      return;
    }
    this.#doors.host.propose(controlGroup, encodeEffects(effects), (result) =>
      this.#finish(decided, this.#failureOf(result)));
  }

  #decideAll(batch: readonly Waiting[]): { decided: readonly Decided[]; effects: readonly ControlEffect[] } {
    const { clock, random } = this.#doors;
    const context = { now: clock.wallNow(), random, options: this.#config };
    const effects: ControlEffect[] = [];
    let state: ControlState = this.#machine.state;
    const decided = batch.map((waiting, position) => {
      const decision = decide(state, waiting.command, context);
      if (decision.effects.length > 0 && position < batch.length - 1) {
        if (state === this.#machine.state) state = state.clone();
        state.apply(decision.effects);
      }
      effects.push(...decision.effects);
      return { waiting, outcome: this.#complete(decision.outcome, waiting.command) };
    });
    return { decided, effects };
  }

  #complete(outcome: ControlOutcome, command: ControlCommand): ControlOutcome {
    if (command.operation !== "DescribeTable" || outcome.table === undefined) return outcome;
    return { ...outcome, sizes: this.#autoadmin.tableSizes(this.#machine.state, outcome.table) };
  }

  /** Undefined when the effects are applied. */
  #failureOf(result: ProposalResult): ControlAnswer | undefined {
    switch (result.kind) {
      case "applied":
        return undefined;
      case "not-leader":
        return { status: "not-leader", leader: nodeOfReplica(result.leader) };
      case "dropped":
        return { status: "unavailable", reason: result.reason };
      case "unknown":
        return { status: "unavailable", reason: "leadership changed while the command was under way" };
    }
  }

  #finish(decided: readonly Decided[], failure: ControlAnswer | undefined): void {
    this.#inFlight = false;
    for (const { waiting, outcome } of decided) waiting.done(failure ?? { status: "ok", outcome });
    if (this.#queue.length > 0) this.#schedulePump();
  }

  #notLeader(): ControlAnswer {
    const leader = this.#doors.host.status(controlGroup)?.leader ?? 0;
    return { status: "not-leader", leader: nodeOfReplica(leader) };
  }

  #announce(): void {
    const { revision } = this.#machine.history;
    if (revision === this.#announcedRevision) return;
    this.#announcedRevision = revision;
    for (const listener of [...this.#listeners]) listener();
    if (this.#leading) this.#schedulePlan();
  }

  #schedulePlan(): void {
    if (this.#planScheduled) return;
    this.#planScheduled = true;
    this.#doors.clock.after(this.#config.autoadmin.planDelayMs, () => {
      this.#planScheduled = false;
      this.#plan();
    });
  }

  #plan(): void {
    if (!this.#leading || this.#closed || this.#inFlight) return;
    if (this.#machine.state.meta === undefined) return this.#bootstrapIfNew();
    this.#autoadmin.run(this.#machine.state);
  }
}
