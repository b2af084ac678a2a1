// Records what clients do while they do it. All clients of one recorder share its thread, so the order of its
// events is the real order, even where the clock shows equal times.
//
// A client whose call timed out goes on under a new process name (the old operation may still take effect), which
// `invoke` arranges by itself: processes are numbered by the recorder, one client always has a free one.
import { assert } from "@azimuth/foundation/assert.ts";
import { conditionError, pairOperations, type HistoryEvent, type Operation, type Process } from "./history.ts";

/** An operation that has been invoked and not yet ended. */
export interface OpenOperation {
  /** Of its invocation: the operation's id. */
  readonly index: number;
  /** It took effect, and this is what it returned. */
  ok(value?: unknown): void;
  /** It did not take effect, whatever the reason: it never reached the database, or was invalid. */
  fail(error?: string): void;
  /** Its condition did not hold; `value` is what was found instead, where the database told. */
  refused(value?: unknown): void;
  /** Nobody knows whether it took or will take effect. */
  info(error?: string): void;
}

export class HistoryRecorder {
  readonly events: HistoryEvent[] = [];
  readonly #now: () => number;
  readonly #observe: ((event: HistoryEvent) => void) | undefined;
  /** How many times each client has lost an operation to an unknown outcome. */
  readonly #livesByClient = new Map<Process, number>();

  /** `now` in milliseconds; `observe` sees each event as it is recorded. */
  constructor(now: () => number, observe?: (event: HistoryEvent) => void) {
    this.#now = now;
    this.#observe = observe;
  }

  /** `client` must have no other operation open. */
  invoke(client: Process, f: string, value: unknown, key?: string): OpenOperation {
    const life = this.#livesByClient.get(client) ?? 0;
    const process = life === 0 ? client : `${client}'${life + 1}`;
    const keyPart = key === undefined ? {} : { key };
    const record = (type: HistoryEvent["type"], eventValue: unknown, error?: string): void => {
      const errorPart = error === undefined ? {} : { error };
      const what = { index: this.events.length, process, type, f, value: eventValue ?? null };
      const event = { ...what, time: this.#now(), ...keyPart, ...errorPart };
      this.events.push(event);
      this.#observe?.(event);
    };
    const index = this.events.length;
    let open = true;
    const end = (type: "ok" | "fail" | "info", eventValue: unknown, error?: string): void => {
      assert(open, `${f} of ${client} ended twice`);
      open = false;
      if (type === "info") this.#livesByClient.set(client, life + 1);
      record(type, eventValue, error);
    };
    record("invoke", value);
    return {
      index,
      ok: (result) => end("ok", result),
      fail: (error) => end("fail", value, error),
      refused: (result) => end("fail", result, conditionError),
      info: (error) => end("info", value, error),
    };
  }

  /** Everything recorded so far, paired. */
  operations(): Operation[] {
    return pairOperations(this.events);
  }
}
