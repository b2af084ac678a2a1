// Requests that are answered: gives each an id, remembers who waits for it, and ends every one exactly once: by
// its response, by its timeout, or because the connection to the peer broke. What a broken connection or a
// timeout means (the request may have been carried out) is the caller's to decide.
//
// Timeouts are looked for once per period, not by a timer per request: thousands are under way and nearly all
// are answered long before. A request may so wait up to a period longer than asked.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { RequestMessage, ResponseMessage } from "./messages.ts";
import type { Address, Transport } from "./transport.ts";

export type RequestFields = Omit<RequestMessage, "kind" | "id">;

export type RequestResult =
  | Omit<ResponseMessage, "id">
  | { readonly kind: "timeout" }
  | { readonly kind: "disconnected" };

export interface Requester {
  /** `done` is called once, never before `request` has returned. */
  request(to: Address, fields: RequestFields, timeoutMs: number, done: (result: RequestResult) => void): void;
  /** To be given every response that arrives. One that nobody waits for any more is ignored. */
  handleResponse(from: Address, message: ResponseMessage): void;
  /** To be given every peerDown: ends all that waits for that peer. */
  handlePeerDown(peer: Address): void;
  readonly outstanding: number;
  /** Ends everything as disconnected. */
  close(): void;
}

const sweepPeriodMs = 25;

interface Waiting {
  readonly to: Address;
  readonly deadline: number;
  readonly done: (result: RequestResult) => void;
}

export interface RequesterDoors {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
}

export function createRequester(doors: RequesterDoors): Requester {
  return new TrackedRequests(doors);
}

class TrackedRequests implements Requester {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #waitingById = new Map<number, Waiting>();
  /** Begins at random, so that a response to an earlier run of this process is not taken for one of ours. */
  #nextId: number;
  #sweep: Timer | undefined;

  constructor({ transport, clock, random }: RequesterDoors) {
    this.#transport = transport;
    this.#clock = clock;
    this.#nextId = 1 + random.integer(2 ** 48);
  }

  get outstanding(): number {
    return this.#waitingById.size;
  }

  request(to: Address, fields: RequestFields, timeoutMs: number, done: (result: RequestResult) => void): void {
    const id = this.#nextId++;
    assert(Number.isSafeInteger(id), "request ids are used up");
    this.#waitingById.set(id, { to, deadline: this.#clock.now() + timeoutMs, done });
    this.#sweep ??= this.#clock.after(sweepPeriodMs, () => this.#endLate());
    const { method, group, epoch, trace, token, attempt, body } = fields;
    this.#transport.send(to, { kind: "request", id, method, group, epoch, trace, token, attempt, body });
  }

  handleResponse(from: Address, message: ResponseMessage): void {
    const waiting = this.#waitingById.get(message.id);
    if (waiting === undefined || waiting.to !== from) return;
    this.#waitingById.delete(message.id);
    waiting.done(message);
  }

  handlePeerDown(peer: Address): void {
    this.#end((waiting) => waiting.to === peer, { kind: "disconnected" });
  }

  close(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#end(() => true, { kind: "disconnected" });
  }

  #endLate(): void {
    this.#sweep = undefined;
    const now = this.#clock.now();
    this.#end((waiting) => waiting.deadline <= now, { kind: "timeout" });
    if (this.#waitingById.size > 0) this.#sweep ??= this.#clock.after(sweepPeriodMs, () => this.#endLate());
  }

  /** Takes out what is chosen before telling anyone, since those told may request again. */
  #end(chosen: (waiting: Waiting) => boolean, result: RequestResult): void {
    const ended: Waiting[] = [];
    for (const [id, waiting] of this.#waitingById) {
      if (!chosen(waiting)) continue;
      this.#waitingById.delete(id);
      ended.push(waiting);
    }
    for (const waiting of ended) waiting.done(result);
  }
}
