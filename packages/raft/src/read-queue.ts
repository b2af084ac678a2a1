// ReadIndex (Raft thesis, section 6.4): a leader may serve a read as of its commit index once a quorum has
// confirmed, after the read arrived, that it still leads.
//
// Reads are not confirmed one by one. Those that arrive before the next Ready share one *position*; its
// heartbeats carry the position, followers echo it, and the position that a quorum has echoed confirms every
// read at or below it. A heartbeat sent later for another reason carries the latest position too, so a
// lost confirmation heals by itself.
//
// A leader that has not committed in its term does not know the commit index yet: reads wait until it does.
import { assert } from "@azimuth/foundation/assert.ts";
import type { ConfirmedRead } from "./types.ts";

interface PendingRead {
  readonly id: number;
  readonly index: number;
  readonly position: number;
}

const noReads: readonly ConfirmedRead[] = [];
const noIds: readonly number[] = [];
/** Confirmed reads stay in front of the queue until they are this many, so that taking them is cheap. */
const compactAfter = 1024;

export class ReadQueue {
  readonly #pendingMax: number;
  /** Position of the last round of heartbeats. */
  position = 0;
  #waiting: number[] = [];
  #pending: PendingRead[] = [];
  #head = 0;
  #confirmed: ConfirmedRead[] = [];
  #dropped: number[] = [];

  constructor(pendingMax: number) {
    this.#pendingMax = pendingMax;
  }

  get full(): boolean {
    return this.count >= this.#pendingMax;
  }

  /** Reads not confirmed yet. */
  get count(): number {
    return this.#waiting.length + this.#pending.length - this.#head;
  }

  get hasOutput(): boolean {
    return this.#confirmed.length > 0 || this.#dropped.length > 0;
  }

  /** Are there reads that no round of heartbeats covers yet? */
  get roundWanted(): boolean {
    const last = this.#pending[this.#pending.length - 1];
    return this.#pending.length > this.#head && (last as PendingRead).position > this.position;
  }

  waitForCommit(id: number): void {
    this.#waiting.push(id);
  }

  /** Registers a read as of `index`, to be confirmed by the next round. */
  add(id: number, index: number): void {
    this.#pending.push({ id, index, position: this.position + 1 });
  }

  confirmNow(id: number, index: number): void {
    this.#confirmed.push({ id, index });
  }

  /** The reads that waited for the first commit of the term. */
  takeWaiting(): readonly number[] {
    if (this.#waiting.length === 0) return noIds;
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** A round of heartbeats goes out: returns the position they carry. */
  startRound(): number {
    if (this.roundWanted) this.position++;
    return this.position;
  }

  /** A quorum has echoed `position`. */
  confirmThrough(position: number): void {
    assert(position <= this.position, "a read position was echoed before it was sent");
    while (this.#head < this.#pending.length) {
      const read = this.#pending[this.#head] as PendingRead;
      if (read.position > position) break;
      this.#confirmed.push({ id: read.id, index: read.index });
      this.#head++;
    }
    if (this.#head === this.#pending.length) {
      this.#pending.length = 0;
      this.#head = 0;
    } else if (this.#head >= compactAfter) {
      this.#pending.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Leadership is lost: none of these will be confirmed here. */
  dropAll(): void {
    for (const id of this.#waiting) this.#dropped.push(id);
    for (const read of this.#pending.slice(this.#head)) this.#dropped.push(read.id);
    this.#waiting = [];
    this.#pending = [];
    this.#head = 0;
  }

  takeConfirmed(): readonly ConfirmedRead[] {
    if (this.#confirmed.length === 0) return noReads;
    const confirmed = this.#confirmed;
    this.#confirmed = [];
    return confirmed;
  }

  takeDropped(): readonly number[] {
    if (this.#dropped.length === 0) return noIds;
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }
}
