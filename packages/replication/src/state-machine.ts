// What a replicated state machine (a partition, the control plane) gives the multi-raft host. All calls
// come from the host's event-loop turn, one at a time.
import type { EngineReader, WriteOperation } from "@azimuth/storage/engine.ts";
import type { ConfigState, Role } from "@azimuth/raft/types.ts";

export interface AppliedEntry {
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
}

/** Every key in [start, end). */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

export interface StoredState {
  readonly ranges: readonly KeyRange[];
  /** What the state covers, in the machine's own words; empty when that never changes. */
  readonly extent: string;
}

export interface StateMachine {
  /**
   * Turns one committed entry into engine writes, pushed to `batch`. Synchronous and deterministic: a pure
   * function of earlier entries and this one; `config` is the group's configuration as of this entry. The host adds
   * the applied index to the same batch. Returns a value for the proposer's waiter on this node, if there is one
   * ("stale" outcomes are expressed here).
   */
  apply(entry: AppliedEntry, batch: WriteOperation[], config: ConfigState): unknown;
  /** The batches up to and including `index` are visible in the engine. */
  appliedThrough(index: number): void;
  /** A configuration change was applied; `context` is the proposer's. */
  configChanged(config: ConfigState, context: Uint8Array): void;
  /** `leader` is 0 when unknown. A new leader may decide only once `leaderReady` was called. */
  roleChanged(role: Role, leader: number, term: number): void;
  /** This replica leads and has applied an entry of its own term: all before is visible in the engine. */
  leaderReady(term: number): void;
  /** Ranges of all that the engine may hold of it, also of a state that is damaged, not loaded or not whole. */
  remainsIn(reader: EngineReader, done: (ranges: readonly KeyRange[]) => void): void;
  /** The state as `reader`, a snapshot of the engine, holds it: the last entry applied may not be visible in it. */
  stateIn(reader: EngineReader, done: (state: StoredState) => void): void;
  /** Whether a state of this extent (StoredState) may come to this node. */
  mayReceive(extent: string): boolean;
  /** The engine's content was replaced by a snapshot, or the process starts: load what is kept in memory. */
  load(done: () => void): void;
}
