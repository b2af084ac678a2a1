// A Transport for tests within one process: the same contract as grpc-transport.ts, without sockets. Messages go
// through the real codec, so that what could not travel between processes cannot travel here; they arrive at
// the end of the turn, in order. `partition` breaks connections and keeps them broken until `heal`.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { decodeFrame } from "./decode-frame.ts";
import { appendMessage } from "./encode-frame.ts";
import type { WireMessage } from "./messages.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import type { Address, Transport, TransportHandlers } from "./transport.ts";

export interface MemoryNetwork {
  /** A transport for a process of that name. After it was closed the name may be used again. */
  createTransport(self: Address): Transport;
  /** Breaks the connection of two processes; messages under way are lost. They may connect again at once. */
  disconnect(left: Address, right: Address): void;
  /** Breaks it and lets no message pass until `heal`. */
  partition(left: Address, right: Address): void;
  heal(left: Address, right: Address): void;
}

export function createMemoryNetwork(doors: { readonly clock: Clock }): MemoryNetwork {
  return new Network(doors.clock);
}

/** Small, so that networks of many processes stay so. */
const slabBytes = 16 * 1024;

interface Queue {
  readonly writer: ProtobufWriter;
  flushScheduled: boolean;
}

class Network implements MemoryNetwork {
  readonly clock: Clock;
  readonly processByName = new Map<Address, Process>();
  readonly #partitions = new Set<string>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  createTransport(self: Address): Transport {
    assert(!this.processByName.has(self), `two processes are named ${self}`);
    const process = new Process(this, self);
    this.processByName.set(self, process);
    return process;
  }

  disconnect(left: Address, right: Address): void {
    const leftProcess = this.processByName.get(left);
    const rightProcess = this.processByName.get(right);
    leftProcess?.lose(right);
    rightProcess?.lose(left);
  }

  partition(left: Address, right: Address): void {
    this.#partitions.add(pairName(left, right));
    this.disconnect(left, right);
  }

  heal(left: Address, right: Address): void {
    this.#partitions.delete(pairName(left, right));
  }

  canReach(from: Address, to: Address): boolean {
    return !this.#partitions.has(pairName(from, to)) && this.processByName.get(to)?.isStarted === true;
  }
}

class Process implements Transport {
  readonly self: Address;
  readonly #network: Network;
  readonly #queueByPeer = new Map<Address, Queue>();
  readonly #connectedTo = new Set<Address>();
  readonly #routes = new Set<Address>();
  #handlers: TransportHandlers | undefined;

  constructor(network: Network, self: Address) {
    this.#network = network;
    this.self = self;
  }

  get isStarted(): boolean {
    return this.#handlers !== undefined;
  }

  start(handlers: TransportHandlers): void {
    assert(this.#handlers === undefined, "a transport is started once");
    this.#handlers = handlers;
  }

  setRoute(peer: Address): void {
    this.#routes.add(peer);
  }

  isConnected(peer: Address): boolean {
    return peer === this.self || this.#connectedTo.has(peer);
  }

  send(to: Address, message: WireMessage): void {
    if (this.#handlers === undefined) return;
    let queue = this.#queueByPeer.get(to);
    if (queue === undefined) {
      queue = { writer: new ProtobufWriter(slabBytes), flushScheduled: false };
      this.#queueByPeer.set(to, queue);
    }
    appendMessage(queue.writer, message);
    if (queue.flushScheduled) return;
    queue.flushScheduled = true;
    this.#network.clock.defer(() => this.#flush(to));
  }

  close(done: () => void): void {
    this.#handlers = undefined;
    this.#network.processByName.delete(this.self);
    this.#queueByPeer.clear();
    for (const peer of this.#connectedTo) this.#network.processByName.get(peer)?.lose(this.self);
    this.#network.clock.defer(done);
  }

  /** The connection to the peer is gone, with all that was queued. */
  lose(peer: Address): void {
    this.#queueByPeer.get(peer)?.writer.take();
    if (!this.#connectedTo.delete(peer)) return;
    this.#network.clock.defer(() => this.#handlers?.peerDown(peer));
  }

  #flush(to: Address): void {
    const queue = this.#queueByPeer.get(to);
    if (queue === undefined || this.#handlers === undefined) return;
    queue.flushScheduled = false;
    const frame = queue.writer.take();
    if (frame.length === 0) return;
    if (to === this.self) {
      this.#deliver(this.self, frame);
      return;
    }
    if (!this.isConnected(to) && !this.#connect(to)) {
      this.#handlers.peerDown(to);
      return;
    }
    const peer = this.#network.processByName.get(to) as Process;
    peer.#deliver(this.self, frame);
  }

  #connect(to: Address): boolean {
    const peer = this.#network.processByName.get(to);
    if (peer === undefined || !this.#routes.has(to) || !this.#network.canReach(this.self, to)) return false;
    this.#connectedTo.add(to);
    peer.#connectedTo.add(this.self);
    peer.#handlers?.peerUp(this.self);
    this.#handlers?.peerUp(to);
    return this.#connectedTo.has(to);
  }

  #deliver(from: Address, frame: Buffer): void {
    const messages = decodeFrame(frame);
    assert(messages !== undefined, "a frame cannot be decoded");
    for (const message of messages) this.#handlers?.message(from, message);
  }
}

function pairName(left: Address, right: Address): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}
