// The simulated network: connections between processes that keep order while they last, as gRPC's streams do, and
// that break, stall, lose and delay as a seed or a fault decides.
//
// One connection joins two processes, whoever opened it. Each direction is a queue with a delay of its own; a
// direction may be clogged until a time, or cut (what is sent vanishes, and the connection breaks when keep-alive
// notices). A dead process resets its connections at once. Messages between nodes may also be lost or delivered
// twice without a break, which is harsher than TCP; requests may be lost, never doubled.
import { assert } from "@azimuth/foundation/assert.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import type { Address, Transport, TransportHandlers } from "@azimuth/rpc/transport.ts";
import type { ProcessClock, VirtualTime } from "./virtual-time.ts";

export interface NetworkConditions {
  readonly delayMinMs: number;
  /** Mean of the exponential part of the delay. */
  readonly delayMeanMs: number;
  /** Probability of a slow message, and its mean delay. */
  readonly slowProbability: number;
  readonly slowMeanMs: number;
  readonly lossProbability: number;
  readonly duplicateProbability: number;
  /** Probability that a response vanishes after its request was carried out. */
  readonly responseLossProbability: number;
}

export const calmNetwork: NetworkConditions = {
  delayMinMs: 0.2,
  delayMeanMs: 0.3,
  slowProbability: 0,
  slowMeanMs: 0,
  lossProbability: 0,
  duplicateProbability: 0,
  responseLossProbability: 0,
};

/** The calm network with everything that makes it worse, each by the worst of them. */
export function worstOf(worse: Iterable<Partial<NetworkConditions>>): NetworkConditions {
  const worst: { -readonly [Name in keyof NetworkConditions]: number } = { ...calmNetwork };
  for (const each of worse) {
    for (const [name, value] of Object.entries(each) as [keyof NetworkConditions, number][]) {
      worst[name] = Math.max(worst[name], value);
    }
  }
  return worst;
}

const controlGroup = 0;
const resetShare = 0.8;
const keepAliveMs = 3000;
const connectTimeoutMs = 1000;

interface Endpoint {
  readonly name: Address;
  readonly clock: ProcessClock;
  readonly handlers: TransportHandlers;
}

interface Connection {
  readonly ends: readonly [Endpoint, Endpoint];
  open: boolean;
  /** Delivery times never go back within a direction; the last to each of the ends. */
  readonly lastDeliveryAt: [number, number];
}

interface Direction {
  /** Names the connection that it belongs to, which is the other direction's too. */
  readonly pair: string;
  clogUntil: number;
  cut: boolean;
  /** What waits for the clog to end, in order. */
  held: (() => void)[];
}

export class SimulatedNetwork {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #toClients: Random;
  readonly #endpoints = new Map<Address, Endpoint>();
  readonly #connections = new Map<string, Connection>();
  readonly #dialling = new Map<string, { from: Address; message: WireMessage; to: Address }[]>();
  /** By the sender's name and the receiver's: looked at for every message, so no key is put together for it. */
  readonly #directions = new Map<Address, Map<Address, Direction>>();
  conditions: NetworkConditions = calmNetwork;
  /** While true the control plane's replicas hear nothing of each other; everything else goes on. */
  silencesControlPlane = false;
  /** Messages delivered and dropped, for the run's statistics. */
  delivered = 0;
  dropped = 0;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
    this.#toClients = random.split("to-clients");
  }

  /** The transport of one life of a process. */
  transport(name: Address, clock: ProcessClock): Transport {
    let endpoint: Endpoint | undefined;
    return {
      self: name,
      start: (handlers) => {
        assert(endpoint === undefined, "a transport starts once");
        endpoint = { name, clock, handlers };
        this.#endpoints.set(name, endpoint);
      },
      setRoute() {},
      send: (to, message) => {
        if (endpoint !== undefined && !clock.isDead) this.#send(endpoint, to, message);
      },
      isConnected: (peer) => this.#connectionBetween(name, peer)?.open === true,
      close: (done) => {
        this.detach(name);
        done();
      },
    };
  }

  /** The process is gone: its connections are reset. */
  detach(name: Address): void {
    this.#endpoints.delete(name);
    for (const connection of [...this.#connections.values()]) {
      if (connection.ends.some((end) => end.name === name)) this.#break(connection, name);
    }
  }

  /** Breaks one connection, as a lost route or a restarted middlebox does. */
  reset(one: Address, other: Address): void {
    const connection = this.#connectionBetween(one, other);
    if (connection !== undefined) this.#break(connection, undefined);
  }

  /** Holds everything sent from one to the other until `until`. */
  clog(from: Address, to: Address, until: number): void {
    const direction = this.#direction(from, to);
    direction.clogUntil = Math.max(direction.clogUntil, until);
    this.#time.at(until, () => this.#release(from, to));
  }

  unclog(from: Address, to: Address): void {
    this.#direction(from, to).clogUntil = 0;
    this.#release(from, to);
  }

  /** Drops everything sent from one to the other, until healed. */
  cut(from: Address, to: Address): void {
    this.#direction(from, to).cut = true;
    this.#time.after(keepAliveMs, () => {
      if (!this.#direction(from, to).cut) return;
      const connection = this.#connectionBetween(from, to);
      if (connection !== undefined) this.#break(connection, undefined);
    });
  }

  heal(from: Address, to: Address): void {
    this.#direction(from, to).cut = false;
  }

  healAll(): void {
    const directions = [...this.#directions.values()].flatMap((byReceiver) => [...byReceiver.values()]);
    const held = directions.flatMap((direction) => direction.held);
    for (const direction of directions) Object.assign(direction, { clogUntil: 0, cut: false, held: [] });
    for (const deliver of held) deliver();
    this.conditions = calmNetwork;
    this.silencesControlPlane = false;
  }

  /** What becomes of a router's answer to a client: mostly its loss is noticed, sometimes the client waits in vain. */
  fateOfAnswer(): "arrives" | "reset" | "vanishes" {
    const { responseLossProbability } = this.conditions;
    if (responseLossProbability === 0 || !this.#toClients.chance(responseLossProbability)) return "arrives";
    probe("a response to a client was lost after its request was carried out");
    return this.#toClients.chance(resetShare) ? "reset" : "vanishes";
  }

  #send(from: Endpoint, to: Address, message: WireMessage): void {
    const direction = this.#direction(from.name, to);
    const { pair } = direction;
    const connection = this.#connections.get(pair);
    if (connection?.open === true && connection.ends.includes(from)) {
      return this.#carry(connection, direction, to, message);
    }
    const waiting = this.#dialling.get(pair);
    if (waiting !== undefined) {
      waiting.push({ from: from.name, message, to });
      return;
    }
    this.#dial(from, to, pair, message);
  }

  #dial(from: Endpoint, to: Address, pair: string, first: WireMessage): void {
    this.#dialling.set(pair, [{ from: from.name, message: first, to }]);
    const isCut = this.#direction(from.name, to).cut || this.#direction(to, from.name).cut;
    const delay = isCut ? connectTimeoutMs : this.#delay() + this.#delay();
    this.#time.after(delay, () => {
      const waiting = this.#dialling.get(pair) ?? [];
      this.#dialling.delete(pair);
      const here = this.#endpoints.get(from.name);
      const there = this.#endpoints.get(to);
      const reachable = !this.#direction(from.name, to).cut && !this.#direction(to, from.name).cut;
      if (here === undefined || there === undefined || !reachable || there.clock.isDead) {
        this.dropped += waiting.length;
        if (here !== undefined) here.clock.run(() => here.handlers.peerDown(to));
        return;
      }
      const connection: Connection = { ends: [here, there], open: true, lastDeliveryAt: [0, 0] };
      this.#connections.set(pair, connection);
      here.clock.run(() => here.handlers.peerUp(to));
      there.clock.run(() => there.handlers.peerUp(from.name));
      for (const { from: sender, to: receiver, message } of waiting) {
        this.#carry(connection, this.#direction(sender, receiver), receiver, message);
      }
    });
  }

  #carry(connection: Connection, direction: Direction, to: Address, sent: WireMessage): void {
    const message = this.silencesControlPlane ? withoutControlPlane(sent) : sent;
    const { lossProbability, responseLossProbability, duplicateProbability } = this.conditions;
    const loss = message?.kind === "response" ? Math.max(lossProbability, responseLossProbability) : lossProbability;
    if (message === undefined || direction.cut || (loss > 0 && this.#random.chance(loss))) {
      this.dropped++;
      return;
    }
    this.#deliver(connection, to, message, direction);
    const mayDouble = message.kind === "raft" || message.kind === "heartbeats";
    if (mayDouble && duplicateProbability > 0 && this.#random.chance(duplicateProbability)) {
      this.#deliver(connection, to, message, direction);
    }
  }

  #release(from: Address, to: Address): void {
    const direction = this.#direction(from, to);
    if (this.#time.now() < direction.clogUntil) return;
    for (const deliver of direction.held.splice(0)) deliver();
  }

  #deliver(connection: Connection, to: Address, message: WireMessage, direction: Direction): void {
    if (this.#time.now() < direction.clogUntil) direction.held.push(() => this.#transmit(connection, to, message));
    else this.#transmit(connection, to, message);
  }

  #transmit(connection: Connection, to: Address, message: WireMessage): void {
    const toward = connection.ends[0].name === to ? 0 : 1;
    const receiver = connection.ends[toward];
    const sender = connection.ends[1 - toward] as Endpoint;
    const at = Math.max(this.#time.now() + this.#delay(), connection.lastDeliveryAt[toward]);
    connection.lastDeliveryAt[toward] = at;
    this.#time.at(at, () => {
      if (!connection.open) {
        this.dropped++;
        return;
      }
      this.delivered++;
      receiver.clock.run(() => receiver.handlers.message(sender.name, message));
    });
  }

  #break(connection: Connection, gone: Address | undefined): void {
    const [one, other] = connection.ends;
    connection.open = false;
    this.#connections.delete(this.#direction(one.name, other.name).pair);
    const tell = (end: Endpoint, peer: Endpoint): void => {
      if (end.name === gone) return;
      this.#time.after(this.#delay(), () => end.clock.run(() => end.handlers.peerDown(peer.name)));
    };
    tell(one, other);
    tell(other, one);
  }

  #delay(): number {
    const { delayMinMs, delayMeanMs, slowProbability, slowMeanMs } = this.conditions;
    const isSlow = slowProbability > 0 && this.#random.chance(slowProbability);
    return delayMinMs - Math.log(1 - this.#random.next()) * (isSlow ? slowMeanMs : delayMeanMs);
  }

  #connectionBetween(one: Address, other: Address): Connection | undefined {
    return this.#connections.get(this.#direction(one, other).pair);
  }

  #direction(from: Address, to: Address): Direction {
    let byReceiver = this.#directions.get(from);
    if (byReceiver === undefined) this.#directions.set(from, (byReceiver = new Map<Address, Direction>()));
    let direction = byReceiver.get(to);
    if (direction === undefined) {
      direction = { pair: from < to ? `${from}|${to}` : `${to}|${from}`, clogUntil: 0, cut: false, held: [] };
      byReceiver.set(to, direction);
    }
    return direction;
  }
}

/** Raft's messages of group 0 vanish; the beats of other groups that travel with its own go on. */
function withoutControlPlane(message: WireMessage): WireMessage | undefined {
  if (message.kind === "raft") return message.group === controlGroup ? undefined : message;
  if (message.kind !== "heartbeats" || !message.beats.some((beat) => beat.group === controlGroup)) return message;
  return { ...message, beats: message.beats.filter((beat) => beat.group !== controlGroup) };
}
