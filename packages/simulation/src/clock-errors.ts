// What the wall clocks of the simulated processes were wrong by, and when: so that a workload whose outcome depends on
// them, as expiry does, can tell a fault of a clock from one of the program.

interface Span {
  readonly from: number;
  readonly to: number;
  readonly aheadMs: number;
}

/** Errors below this are not worth remembering. */
const negligibleMs = 1;

export class ClockErrors {
  readonly #spans: Span[] = [];

  /** Some clock was ahead of virtual time by at most `aheadMs` all the time in between. */
  note(from: number, to: number, aheadMs: number): void {
    if (aheadMs > negligibleMs) this.#spans.push({ from, to, aheadMs });
  }

  /** The most that any clock was ahead of virtual time, of all that was noted, at any moment since `since`. */
  aheadMsMax(since: number): number {
    let most = negligibleMs;
    for (const { to, aheadMs } of this.#spans) if (to >= since && aheadMs > most) most = aheadMs;
    return most;
  }
}
