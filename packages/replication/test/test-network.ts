// Messages between the hosts of a test: delayed by a random time, in order between two nodes, lost while the
// nodes are cut off from each other. They go through the real codec.
import type { Random } from "@azimuth/foundation/random.ts";
import { decodeFrame } from "@azimuth/rpc/decode-frame.ts";
import { appendMessage } from "@azimuth/rpc/encode-frame.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import { ProtobufWriter } from "@azimuth/rpc/protobuf-writer.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface Endpoint {
  receive(from: number, message: WireMessage): void;
  peerDown(node: number): void;
}

export class TestNetwork {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #writer = new ProtobufWriter();
  readonly #endpoints = new Map<number, Endpoint>();
  readonly #cut = new Set<string>();
  /** When the last message of a pair arrives, to keep order. */
  readonly #arrivals = new Map<string, number>();
  /** Connections that broke lose what was under way: messages carry the number of their connection. */
  readonly #connection = new Map<string, number>();
  delayMsMax = 2;
  /** Sees every message, and may replace or drop it. */
  filter: (message: WireMessage) => WireMessage | undefined = (message) => message;
  messages = 0;

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  attach(node: number, endpoint: Endpoint): void {
    this.#endpoints.set(node, endpoint);
  }

  /** The process died: its connections break, and the others notice. */
  detach(node: number): void {
    this.#endpoints.delete(node);
    for (const other of this.#endpoints.keys()) {
      this.#break(node, other);
      this.#clock.after(1, () => this.#endpoints.get(other)?.peerDown(node));
    }
  }

  /** Silently loses everything between two nodes; connections are not told. */
  cut(left: number, right: number): void {
    this.#cut.add(pairOf(left, right));
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Breaks a connection: what was under way is lost, and both ends are told. */
  disconnect(left: number, right: number): void {
    this.#break(left, right);
    this.#endpoints.get(left)?.peerDown(right);
    this.#endpoints.get(right)?.peerDown(left);
  }

  send(from: number, to: number, original: WireMessage): void {
    const message = this.#cut.has(pairOf(from, to)) ? undefined : this.filter(original);
    if (message === undefined) return;
    this.messages++;
    appendMessage(this.#writer, message);
    const frame = this.#writer.take();
    const pair = pairOf(from, to);
    const connection = this.#connection.get(pair) ?? 0;
    const direction = `${from}>${to}`;
    const at = Math.max(
      this.#clock.now() + this.#random.next() * this.delayMsMax,
      this.#arrivals.get(direction) ?? 0,
    );
    this.#arrivals.set(direction, at);
    this.#clock.after(at - this.#clock.now(), () => {
      if ((this.#connection.get(pair) ?? 0) !== connection || this.#cut.has(pair)) return;
      for (const decoded of decodeFrame(frame) ?? []) this.#endpoints.get(to)?.receive(from, decoded);
    });
  }

  #break(left: number, right: number): void {
    const pair = pairOf(left, right);
    this.#connection.set(pair, (this.#connection.get(pair) ?? 0) + 1);
  }
}

function pairOf(left: number, right: number): string {
  return left < right ? `${left}-${right}` : `${right}-${left}`;
}
