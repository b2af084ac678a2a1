// Messages between simulated replicas: a bag from which any may arrive next, twice, or never. Links can be
// cut one way. Snapshots carry the state they announce. Messages outlive a crash of their receiver, so that a
// replica also meets answers to questions it no longer remembers asking.
import type { Random } from "@azimuth/foundation/random.ts";
import type { Message, ReplicaId } from "../src/types.ts";
import type { EngineState } from "./simulated-disk.ts";

export interface Packet {
  readonly message: Message;
  readonly state: EngineState | undefined;
}

/** Beyond this the oldest packets are lost, as in any real queue. */
const packetsMax = 400;

export class SimulatedNetwork {
  readonly #random: Random;
  #packets: Packet[] = [];
  #cut = new Set<number>();

  constructor(random: Random) {
    this.#random = random;
  }

  get size(): number {
    return this.#packets.length;
  }

  send(packet: Packet): Packet | undefined {
    const { from, to } = packet.message;
    if (this.#cut.has(linkKey(from, to))) return packet;
    this.#packets.push(packet);
    return this.#packets.length > packetsMax ? this.#packets.shift() : undefined;
  }

  /** Takes the oldest packet, or any. */
  take(anyOrder: boolean): Packet | undefined {
    if (this.#packets.length === 0) return undefined;
    if (!anyOrder) return this.#packets.shift();
    const at = this.#random.integer(this.#packets.length);
    return this.#packets.splice(at, 1)[0];
  }

  cut(from: ReplicaId, to: ReplicaId): void {
    this.#cut.add(linkKey(from, to));
  }

  isCut(from: ReplicaId, to: ReplicaId): boolean {
    return this.#cut.has(linkKey(from, to));
  }

  heal(): void {
    this.#cut.clear();
  }
}

function linkKey(from: ReplicaId, to: ReplicaId): number {
  return from * 65536 + to;
}
