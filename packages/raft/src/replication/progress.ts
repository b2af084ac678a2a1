// What a leader knows of one replica: how far its log matches, what to send next, and how freely.
//
// - probe: the point where the logs agree is unknown. One append, then wait for its answer or for a
//   heartbeat's.
// - replicate: `next` advances optimistically with every append; bounded by the appends under way.
// - snapshot: the entry it needs is compacted away; nothing is sent until the snapshot is reported or
//   acknowledged.
//
// Invariant: 0 ≤ match < next. `match` is what the replica made durable in this leader's term.
import { assert } from "@azimuth/foundation/assert.ts";
import type { ReplicaId } from "../types.ts";
import { Inflights } from "./inflights.ts";

export type ProgressState = "probe" | "replicate" | "snapshot";

export class Progress {
  readonly replica: ReplicaId;
  readonly inflights: Inflights;
  match: number;
  next: number;
  state: ProgressState = "probe";
  /** Heard of since the leader last checked its quorum. */
  active = false;
  #wasActive = false;
  pendingSnapshot = 0;
  /** Latest read position this replica has confirmed. */
  readPosition = 0;
  /** An append must go out even if there is nothing new to send, because its answer is wanted. */
  probeWanted = false;
  /** probe: an append is under way. replicate: the window was full when the last append went out. */
  #paused = false;
  /** Highest commit index this replica has been sent in an append. */
  #sentCommit = 0;

  constructor(options: {
    replica: ReplicaId; match: number; next: number; inflightAppendsMax: number; inflightBytesMax: number;
  }) {
    this.replica = options.replica;
    this.match = options.match;
    this.next = options.next;
    this.inflights = new Inflights(options.inflightAppendsMax, options.inflightBytesMax);
    assert(this.match < this.next, "progress: match is not below next");
  }

  /** Heard of since the check before the last one: does not go out at the moment of a check, as `active` does. */
  get heardLately(): boolean {
    return this.active || this.#wasActive;
  }

  /** The leader has checked its quorum; `isSelf`: this is the leader's own. */
  beginRound(isSelf: boolean): void {
    this.#wasActive = this.active;
    this.active = isSelf;
  }

  get paused(): boolean {
    return this.state === "snapshot" || this.#paused;
  }

  becomeProbe(): void {
    // After a snapshot the replica has at least what the snapshot held, so probing starts there.
    const from = this.state === "snapshot" ? Math.max(this.match, this.pendingSnapshot) : this.match;
    this.#reset("probe");
    this.next = from + 1;
    this.#sentCommit = Math.min(this.#sentCommit, from);
  }

  becomeReplicate(): void {
    this.#reset("replicate");
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#reset("snapshot");
    this.pendingSnapshot = index;
    this.next = Math.max(index, this.match) + 1;
    this.#sentCommit = index;
  }

  #reset(state: ProgressState): void {
    this.state = state;
    this.#paused = false;
    this.pendingSnapshot = 0;
    this.inflights.clear();
  }

  pause(): void {
    this.#paused = true;
  }

  /** Lets one more append through, so that a lost answer or a lost window of appends is noticed. */
  resume(): void {
    this.#paused = false;
  }

  sent(entryCount: number, bytes: number, commit: number): void {
    if (this.state === "replicate") {
      if (entryCount > 0) {
        this.next += entryCount;
        this.inflights.add(this.next - 1, bytes);
      }
      this.#paused = this.inflights.full;
    } else {
      this.#paused = true;
    }
    this.#sentCommit = Math.max(this.#sentCommit, commit);
  }

  /**
   * Would an empty append let the replica commit more of what it was already sent? Not asked for while appends are
   * under way: under load the next one carries the commit index, and the answer to the last one asks again.
   */
  canBumpCommit(committed: number): boolean {
    return this.inflights.count === 0 && committed > this.#sentCommit && this.#sentCommit < this.next - 1;
  }

  /** The replica acknowledged everything through `index`. Returns false for an old answer. */
  maybeAdvance(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    if (this.next <= index) this.next = index + 1;
    this.#paused = false;
    return true;
  }

  /** The replica refused an append whose previous index was `rejected`. Returns false for an old answer. */
  maybeRetreat(rejected: number, matchHint: number): boolean {
    if (this.state === "replicate") {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      if (this.next - 1 !== rejected) return false;
      this.next = Math.max(Math.min(rejected, matchHint + 1), this.match + 1);
      this.#paused = false;
    }
    this.#sentCommit = Math.min(this.#sentCommit, this.next - 1);
    return true;
  }
}
