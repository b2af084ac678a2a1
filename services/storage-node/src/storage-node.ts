// A storage node: one process of one zone that holds replicas of partitions, and perhaps one of the control plane.
// This file wires the parts together; each part is in a file or package of its own:
//
//   identity and number      identity.ts, founding.ts
//   replicas of partitions   replicas.ts → packages/partition
//   control plane, if here   control-membership.ts, control.ts → packages/control-plane
//   many groups, one log     packages/replication
//   requests                 requests.ts
//   who is where             directory.ts, stored-map.ts
//   reports                  reporter.ts
//
// Nothing here touches the outside but through the doors, so the simulator runs this very code.
import { assert } from "@azimuth/foundation/assert.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Member } from "@azimuth/foundation/members.ts";
import type { Metrics } from "@azimuth/foundation/metrics.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { createControlClient, type ControlClient } from "@azimuth/control-plane/control-client.ts";
import { executeInstruction, instructionTopic } from "@azimuth/control-plane/instructions.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { createMapWatchClient, type MapWatchClient } from "@azimuth/control-plane/map-watch-client.ts";
import { nodeReportTopic } from "@azimuth/control-plane/node-report.ts";
import { mapTopic } from "@azimuth/control-plane/watch.ts";
import type { ReplicationLimits } from "@azimuth/replication/limits.ts";
import { createReplicationHost, type NodeReplicationHost } from "@azimuth/replication/replication-host.ts";
import { replicaIdOf } from "@azimuth/replication/host-api.ts";
import { encodeBody, MalformedBody } from "@azimuth/rpc/body-codec.ts";
import type { NoticeMessage, Plain, RequestMessage, WireMessage } from "@azimuth/rpc/messages.ts";
import { createRequester, type Requester } from "@azimuth/rpc/requests.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import type { Files } from "@azimuth/storage/files.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import { askForSplit, type SplitAnswer, type SplitRequest } from "./ask-for-split.ts";
import { createControl, type Control } from "./control.ts";
import { createControlMembership, type ControlMembership } from "./control-membership.ts";
import { createDirectory, type Directory } from "./directory.ts";
import { findNumber } from "./founding.ts";
import { loadIdentity, saveIdentity, type Identity } from "./identity.ts";
import { createIndexSender } from "./index-sender.ts";
import { withLoopback } from "./loopback.ts";
import { createRecovery } from "./recovery.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { createReporter, reportPeriodMs, type Reporter } from "./reporter.ts";
import { expectMapDelta, instructionIn, nodeReportIn } from "./request-bodies.ts";
import { createRequestHandler } from "./requests.ts";
import { nodeStatus, type NodeStatus } from "./status.ts";
import { loadMap, saveMap } from "./stored-map.ts";

export interface StorageNodeDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly engine: Engine;
  readonly files: Files;
  readonly logStore: LogStore;
  readonly transport: Transport;
}

export interface StorageNodeConfig {
  readonly cluster: string;
  readonly name: string;
  readonly zone: string;
  /** host:port under which other processes reach its gRPC listener. */
  readonly advertise: string;
  readonly members: readonly Member[];
  readonly accountId: string;
  /** Replication timing and control-plane settings; the defaults where absent. */
  readonly replication?: Partial<ReplicationLimits> | undefined;
  readonly nodeDeadAfterMs?: number | undefined;
  readonly partitionsPerTable?: number | undefined;
  /** Partitions with more bytes of items are split; 10 GB, as DynamoDB does, when absent. */
  readonly partitionBytesMax?: number | undefined;
  /** How often expired items are looked for. */
  readonly ttlSweepMs?: number | undefined;
  /** Between two changes of a table's time to live; undefined: none. */
  readonly ttlUpdateIntervalMs?: number | undefined;
  /** How often records of answered writes are looked for that are too old to be asked for. */
  readonly recordSweepMs?: number | undefined;
}

export interface StorageNode {
  start(): void;
  /** True once it has a number, its replicas are open and it has a map. */
  isReady(): boolean;
  status(): NodeStatus;
  /** Asks the control plane to split a partition, wherever its replicas are. */
  split(request: SplitRequest, done: (answer: SplitAnswer) => void): void;
  /** Hands leaderships to others, as far as there are any, and follows no instructions meanwhile. */
  drain(done: () => void): void;
  stop(done: () => void): void;
  /** Throws when a replica's state contradicts itself; for simulation, between events. */
  checkInvariants(): void;
  /** The ranges of the engine that make up a partition's state here; for simulation. */
  rangesOf(partition: number): readonly { readonly start: Uint8Array; readonly end: Uint8Array }[];
}

const registerDeadlineMs = 10_000;
const defaultRecordSweepMs = 10_000;
const recoveryPeriodMs = 1000;
const defaultPartitionBytesMax = 10 * 2 ** 30;
const defaultTtlSweepMs = 60_000;
const incarnationBytes = 16;

export function createStorageNode(doors: StorageNodeDoors, config: StorageNodeConfig): StorageNode {
  return new NodeProcess(doors, config);
}

/** What exists once the node has its number. */
interface Opened {
  readonly host: NodeReplicationHost;
  readonly replicas: Replicas;
  readonly control: ControlMembership;
  readonly reporter: Reporter;
}

class NodeProcess implements StorageNode {
  readonly #doors: StorageNodeDoors;
  readonly #config: StorageNodeConfig;
  readonly #transport: Transport;
  readonly #requester: Requester;
  readonly #follower = new MapFollower();
  /** The way to other nodes' replicas: it knows of splits before group 0 does. */
  readonly #routes = this.#follower.mirror();
  readonly #directory: Directory;
  readonly #controlClient: ControlClient;
  readonly #watch: MapWatchClient;
  readonly #handleRequest: (from: string, request: RequestMessage) => void;
  readonly #timers: Timer[] = [];
  #identity: Identity;
  #opened: Opened | undefined;
  #draining = false;

  constructor(doors: StorageNodeDoors, config: StorageNodeConfig) {
    const { clock, log, random } = doors;
    const { cluster, name, members } = config;
    this.#doors = doors;
    this.#config = config;
    this.#transport = withLoopback(doors.transport, clock, (from, message) => this.#receive(from, message));
    const incarnation = toHex(random.bytes(incarnationBytes));
    this.#identity = loadIdentity(doors.files, { cluster, name, incarnation });
    const follower = this.#follower;
    const directory = createDirectory(name, members, follower);
    const requester = createRequester({ transport: this.#transport, clock, random: random.split("requests") });
    this.#directory = directory;
    this.#requester = requester;
    this.#controlClient = createControlClient({
      clock, requester, candidates: directory.controlNames, nameOfNode: directory.nameOf,
    });
    this.#watch = createMapWatchClient({ clock, log, requester, follower, candidates: directory.watchCandidates });
    this.#handleRequest = createRequestHandler({
      identify: () => this.#identity,
      replicas: () => this.#opened?.replicas,
      controlPlane: () => this.#opened?.control.current(),
      map: () => follower.map(),
      log,
      respond: (to, response) => this.#transport.send(to, response),
    });
  }

  start(): void {
    const { clock, log, files } = this.#doors;
    const { name, zone, advertise: endpoint, members } = this.#config;
    for (const member of members) {
      if (member.name !== name) this.#transport.setRoute(member.name, member.endpoint);
    }
    this.#transport.start({
      message: (from, message) => this.#receive(from, message),
      peerDown: (peer) => this.#peerDown(peer),
      peerUp: (peer) => this.#peerUp(peer),
    });
    loadMap(files, this.#follower);
    this.#follower.onChange(() => this.#mapChanged());
    this.#setRoutes();
    // Before joining: only the map says who leads group 0 by now. And where group 0 is, too: its replica here may
    // have been removed, or cut off, without hearing of it.
    this.#watch.start();
    if (this.#identity.number !== 0) return this.#open();
    const founding = { clock, log, requester: this.#requester, controlClient: this.#controlClient };
    findNumber(founding, this.#identity, { name, zone, endpoint }, members, (found) => {
      this.#identify(found);
      this.#open();
    });
  }

  /** Opens everything that needs the node's number. */
  #open(): void {
    const { clock, random, log, engine, logStore } = this.#doors;
    const { replication } = this.#config;
    const host = createReplicationHost({
      node: this.#identity.number,
      clock,
      random: random.split("replication"),
      log,
      engine,
      logStore,
      send: (node, message) => this.#sendToNode(node, message),
      ...(replication === undefined ? {} : { limits: replication }),
    });
    const reporter = createReporter({
      clock,
      random: random.split("reports"),
      host,
      partitionBytesMax: this.#config.partitionBytesMax ?? defaultPartitionBytesMax,
      identity: () => this.#identity,
      replicas: () => this.#opened?.replicas,
      send: (report) => {
        const told = notice(nodeReportTopic, report as unknown as Plain);
        for (const node of this.#directory.controlNodes()) this.#sendToNode(node, told);
      },
    });
    const control = this.#createControlMembership(host);
    const replicas = this.#createReplicas(host, reporter);
    this.#opened = { host, replicas, control, reporter };
    control.follow();
    replicas.openRecovered();
    host.start();
    if (this.#follower.revision > 0) this.#mapChanged();
    this.#register();
    this.#timers.push(reporter.start());
  }

  #createReplicas(host: NodeReplicationHost, reporter: Reporter): Replicas {
    const { clock, random, log, engine, files, logStore } = this.#doors;
    const { zone, ttlSweepMs, recordSweepMs } = this.#config;
    const requester = this.#requester;
    const follower = this.#follower;
    const routes = this.#routes;
    const refreshMap = (done: () => void): void => this.#refreshMap(done);
    const partitions = () => this.#opened?.replicas.all() ?? [];
    const recovery = createRecovery({
      clock, random: random.split("transactions"), requester, routes, zone, engine, partitions, refreshMap,
    });
    const every = (periodMs: number, work: () => void): void => void this.#timers.push(clock.every(periodMs, work));
    every(recoveryPeriodMs, () => recovery.look());
    every(recordSweepMs ?? defaultRecordSweepMs, () => {
      for (const partition of partitions()) partition.expireRecords();
    });
    every(ttlSweepMs ?? defaultTtlSweepMs, () => {
      for (const partition of partitions()) partition.sweepExpired();
    });
    return createReplicas({
      clock,
      engine,
      host,
      log,
      files,
      logStore,
      node: () => this.#identity.number,
      findTable: (id) => follower.tableOwning(id),
      transactions: recovery,
      indexes: createIndexSender({ clock, requester, routes, refreshMap }),
      changed: () => reporter.soon(),
    });
  }

  #createControlMembership(host: NodeReplicationHost): ControlMembership {
    const { log, logStore } = this.#doors;
    return createControlMembership({
      log,
      logStore,
      follower: this.#follower,
      founders: this.#directory.founders,
      identity: () => this.#identity,
      create: () => this.#createControl(host),
      joined: (controlReplica) => this.#identify({ ...this.#identity, controlReplica }),
      left: () => this.#mapChanged(),
    });
  }

  #createControl(host: NodeReplicationHost): Control {
    const { clock, random, log, engine } = this.#doors;
    const { accountId, nodeDeadAfterMs, partitionsPerTable, members, ttlUpdateIntervalMs } = this.#config;
    return createControl({
      clock,
      random: random.split("control-plane"),
      log,
      host,
      engine,
      config: {
        accountId,
        timeToLiveIntervalMs: ttlUpdateIntervalMs,
        nodeDeadAfterMs,
        partitionsPerTable,
        founders: this.#directory.founders.map((number) => replicaIdOf(0, number)),
        foundingNodes: members.map((_, position) => position + 1),
      },
      instruct: (node, instruction) =>
        this.#sendToNode(node, notice(instructionTopic, instruction as unknown as Plain)),
      sendMap: (watcher, delta) => this.#transport.send(watcher, notice(mapTopic, delta as unknown as Plain)),
      mapChanged: (delta) => void this.#follower.applyDelta(delta),
    });
  }

  #identify(identity: Identity): void {
    this.#identity = identity;
    saveIdentity(this.#doors.files, identity);
  }

  /** With a replica of group 0 the copy follows by itself. */
  #refreshMap(done: () => void): void {
    if (this.#opened?.control.current() === undefined) this.#watch.refresh(done);
    else this.#doors.clock.defer(done);
  }

  #setRoutes(): void {
    for (const { name, endpoint, retired } of this.#follower.nodes()) {
      const isOther = name !== this.#config.name && retired !== true;
      if (isOther && endpoint !== "") this.#transport.setRoute(name, endpoint);
    }
  }

  #mapChanged(): void {
    this.#setRoutes();
    if (this.#opened === undefined) return;
    const { control, replicas } = this.#opened;
    saveMap(this.#doors.files, this.#follower.map());
    control.follow();
    replicas.reconcile(this.#follower);
    for (const partition of replicas.all()) partition.buildIndexes();
  }

  #register(): void {
    const { clock } = this.#doors;
    const { name, zone, advertise: endpoint } = this.#config;
    const { incarnation, number } = this.#identity;
    const command = { operation: "RegisterNode", name, zone, endpoint, incarnation, founder: number } as const;
    const options = { trace: "", deadlineMs: registerDeadlineMs, repeatable: true };
    this.#controlClient.send(command, options, (answer) => {
      const registered = answer.status === "ok" ? answer.outcome.node : undefined;
      assert(registered === undefined || registered.number === number, "the cluster knows this node by another number");
      if (registered !== undefined) this.#opened?.reporter.soon();
      else this.#timers.push(clock.after(reportPeriodMs, () => this.#register()));
    });
  }

  #receive(from: string, message: WireMessage): void {
    switch (message.kind) {
      case "request":
        return this.#handleRequest(from, message);
      case "response":
        return this.#requester.handleResponse(from, message);
      case "notice":
        return this.#handleNotice(message);
      default: {
        const node = this.#directory.numberOf(from);
        if (node !== 0) this.#opened?.host.handleMessage(node, message);
      }
    }
  }

  #handleNotice({ topic, body }: NoticeMessage): void {
    try {
      if (topic === mapTopic) {
        expectMapDelta(body);
        this.#watch.handleNotice(body);
      } else if (topic === nodeReportTopic) {
        this.#opened?.control.current()?.plane.report(nodeReportIn(body));
      } else if (topic === instructionTopic && this.#opened !== undefined && !this.#draining) {
        const { host, replicas } = this.#opened;
        executeInstruction(host, instructionIn(body), (split) => replicas.get(split.group)?.split(split) === true);
      }
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      this.#doors.log.warn("a notice cannot be read", { topic, reason: error.message });
    }
  }

  #peerUp(peer: string): void {
    const node = this.#directory.numberOf(peer);
    if (node !== 0) this.#opened?.host.peerUp(node);
  }

  #peerDown(peer: string): void {
    this.#requester.handlePeerDown(peer);
    this.#watch.peerDown(peer);
    this.#opened?.control.current()?.watches.remove(peer);
    const node = this.#directory.numberOf(peer);
    if (node !== 0) this.#opened?.host.peerDown(node);
  }

  #sendToNode(node: number, message: WireMessage): void {
    const name = this.#directory.nameOf(node);
    if (name !== undefined) this.#transport.send(name, message);
  }

  isReady(): boolean {
    return this.#opened !== undefined && this.#follower.revision > 0;
  }

  status(): NodeStatus {
    return nodeStatus({
      config: this.#config,
      identity: this.#identity,
      host: this.#opened?.host,
      follower: this.#follower,
      replicas: this.#opened?.replicas,
      logStore: this.#doors.logStore,
    });
  }

  split(request: SplitRequest, done: (answer: SplitAnswer) => void): void {
    askForSplit({ controlClient: this.#controlClient, follower: this.#follower }, request, done);
  }

  drain(done: () => void): void {
    if (this.#opened === undefined) return done();
    this.#draining = true;
    this.#opened.host.drain(() => {
      this.#draining = false;
      done();
    });
  }

  stop(done: () => void): void {
    for (const timer of this.#timers) timer.cancel();
    this.#watch.stop();
    this.#opened?.control.current()?.close();
    const close = (): void => this.#transport.close(done);
    if (this.#opened === undefined) close();
    else this.#opened.host.stop(close);
  }

  checkInvariants(): void {
    this.#opened?.host.checkInvariants();
    this.#opened?.control.current()?.plane.checkInvariants();
    this.#opened?.replicas.checkInvariants();
  }

  rangesOf(partition: number): readonly { readonly start: Uint8Array; readonly end: Uint8Array }[] {
    return this.#opened?.replicas.get(partition)?.ranges() ?? [];
  }
}

function notice(topic: string, body: Plain): NoticeMessage {
  return { kind: "notice", topic, body: encodeBody(body) };
}
