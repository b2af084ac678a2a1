// A storage node: one process of one zone that holds replicas of partitions, and perhaps one of the control plane.
// This file wires the parts together; each part is in a file or package of its own:
//
//   identity and number      identity.ts, founding.ts
//   replicas of partitions   replicas.ts → packages/partition
//   control plane, if here   control.ts → packages/control-plane
//   many groups, one log     packages/replication
//   requests                 requests.ts
//
// Nothing here touches the outside but through the doors, so the simulator runs this very code.
import { assert } from "@azimuth/foundation/assert.ts";
import { fromUtf8, toHex, utf8 } from "@azimuth/foundation/bytes.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Member } from "@azimuth/foundation/members.ts";
import type { Metrics } from "@azimuth/foundation/metrics.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { controlFounders } from "@azimuth/foundation/members.ts";
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import { createControlClient } from "@azimuth/control-plane/control-client.ts";
import { executeInstruction, instructionTopic } from "@azimuth/control-plane/instructions.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { createMapWatchClient } from "@azimuth/control-plane/map-watch-client.ts";
import { groupReportOf, nodeReportTopic, type NodeReport } from "@azimuth/control-plane/node-report.ts";
import { mustDestroy, replicaOn } from "@azimuth/control-plane/replica-fate.ts";
import { mapTopic, type MapDelta } from "@azimuth/control-plane/watch.ts";
import type { ReplicationLimits } from "@azimuth/replication/limits.ts";
import { createReplicationHost } from "@azimuth/replication/replication-host.ts";
import { nodeOfReplica, replicaIdOf } from "@azimuth/replication/host-api.ts";
import { encodeBody, MalformedBody } from "@azimuth/rpc/body-codec.ts";
import type { NoticeMessage, Plain, WireMessage } from "@azimuth/rpc/messages.ts";
import { createRequester } from "@azimuth/rpc/requests.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import type { Files } from "@azimuth/storage/files.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import { createControl, type Control } from "./control.ts";
import { findNumber } from "./founding.ts";
import { loadIdentity, saveIdentity, type Identity } from "./identity.ts";
import { createIndexSender } from "./index-sender.ts";
import { createRecovery } from "./recovery.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { expectMapDelta, instructionIn, nodeReportIn } from "./request-bodies.ts";
import { createRequestHandler } from "./requests.ts";
import { nodeStatus, type NodeStatus } from "./status.ts";

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
  /** How often expired items are looked for. */
  readonly ttlSweepMs?: number | undefined;
}

export interface StorageNode {
  start(): void;
  /** True once it has a number, its replicas are open and it has a map. */
  isReady(): boolean;
  status(): NodeStatus;
  /** Hands leaderships to others; then stops answering new work. */
  drain(done: () => void): void;
  stop(done: () => void): void;
  /** Throws when a replica's state contradicts itself; for simulation, between events. */
  checkInvariants(): void;
  /** The ranges of the engine that make up a partition's state here; for simulation. */
  rangesOf(partition: number): readonly { readonly start: Uint8Array; readonly end: Uint8Array }[];
}

const reportPeriodMs = 500;
const housekeepingPeriodMs = 10_000;
const recoveryPeriodMs = 1000;
const defaultTtlSweepMs = 60_000;
const mapFile = "map.json";
const incarnationBytes = 16;

export function createStorageNode(doors: StorageNodeDoors, config: StorageNodeConfig): StorageNode {
  const { clock, log, engine, files, logStore, random } = doors;
  const transport = withLoopback(doors.transport, clock, (message) => receive(config.name, message));
  let identity: Identity = loadIdentity(files, {
    cluster: config.cluster,
    name: config.name,
    incarnation: toHex(random.bytes(incarnationBytes)),
  });
  const requester = createRequester({ transport, clock, random: random.split("requests") });
  const follower = new MapFollower();
  const self: Member = { name: config.name, zone: config.zone, endpoint: config.advertise };
  const timers: Timer[] = [];
  let host: ReturnType<typeof createReplicationHost> | undefined;
  let replicas: Replicas | undefined;
  let control: Control | undefined;
  let draining = false;
  let controlIsLost = false;
  const session = toHex(random.bytes(8));
  let reportSequence = 0;
  let reportScheduled = false;

  const founders = controlFounders(config.members);
  const nameOfNode = (node: number): string | undefined =>
    follower.node(node)?.name ?? config.members[node - 1]?.name;
  const controlNodes = (): readonly number[] => {
    const record = follower.group(0);
    return record === undefined ? founders : [...record.voters, ...record.learners].map(nodeOfReplica);
  };
  const controlNames = (): readonly string[] => {
    const names = controlNodes().map(nameOfNode);
    return names.filter((name): name is string => name !== undefined);
  };
  /** Whoever holds group 0 as far as is known here, then everybody else: an old map may name none that still does. */
  const watchCandidates = (): readonly string[] => {
    const known = [...follower.nodes()].filter((node) => node.retired !== true).map((node) => node.name);
    return [...new Set([...controlNames(), ...config.members.map((member) => member.name), ...known])];
  };
  const controlClient = createControlClient({ clock, requester, candidates: controlNames, nameOfNode });
  const watch = createMapWatchClient({
    clock,
    log,
    requester,
    follower,
    candidates: () => watchCandidates().filter((name) => name !== config.name),
  });
  const handleRequest = createRequestHandler({
    identify: () => identity,
    replicas: () => replicas,
    controlPlane: () => control,
    log,
    respond: (to, response) => transport.send(to, response),
  });

  function start(): void {
    for (const member of config.members) {
      if (member.name !== config.name) transport.setRoute(member.name, member.endpoint);
    }
    transport.start({ message: receive, peerDown, peerUp });
    loadStoredMap();
    if (identity.number !== 0) return open();
    findNumber({ clock, log, requester, controlClient }, identity, self, config.members, (found) => {
      identity = found;
      saveIdentity(files, identity);
      open();
    });
  }

  /** With a replica of group 0 the copy follows by itself. */
  function refreshMap(done: () => void): void {
    if (control === undefined) watch.refresh(done);
    else clock.defer(done);
  }

  /** Opens everything that needs the node's number. */
  function open(): void {
    const opened = createReplicationHost({
      node: identity.number,
      clock,
      random: random.split("replication"),
      log,
      engine,
      logStore,
      send: (node, message) => sendToNode(node, message),
      ...(config.replication === undefined ? {} : { limits: config.replication }),
    });
    host = opened;
    const recovery = createRecovery({
      clock,
      random: random.split("transactions"),
      requester,
      follower,
      zone: config.zone,
      engine,
      partitions: () => replicas?.all() ?? [],
      refreshMap,
    });
    replicas = createReplicas({
      clock,
      engine,
      host: opened,
      log,
      files,
      logStore,
      node: () => identity.number,
      findTable: (id) => follower.tableOwning(id),
      transactions: recovery,
      indexes: createIndexSender({ clock, requester, follower, refreshMap }),
      changed: reportSoon,
    });
    openControl();
    replicas.openRecovered();
    opened.start();
    follower.onChange(mapChanged);
    if (follower.revision > 0) mapChanged();
    // Also where group 0 is: its replica here may have been removed, or cut off, without hearing of it.
    watch.start();
    register();
    timers.push(clock.every(reportPeriodMs, report));
    timers.push(clock.every(housekeepingPeriodMs, () => {
      for (const partition of replicas?.all() ?? []) partition.expireRecords();
    }));
    timers.push(clock.every(recoveryPeriodMs, () => recovery.look()));
    timers.push(clock.every(config.ttlSweepMs ?? defaultTtlSweepMs, () => {
      for (const partition of replicas?.all() ?? []) partition.sweepExpired();
    }));
  }

  /** Group 0: recovered, founded, or later created because the map says so. */
  function openControl(): void {
    assert(host !== undefined, "the host opens first");
    const recovered = logStore.group(0) !== undefined;
    const isFounder = Object.keys(identity.foundedWith).length > 0 && founders.includes(identity.number);
    const placed = follower.group(0);
    const replica = placed === undefined ? undefined : replicaOn(placed, identity.number);
    const founding = placed === undefined && isFounder;
    if (!recovered && !founding && (replica === undefined || logStore.wasRemoved(0, replica))) return;
    const wanted = replica ?? replicaIdOf(0, identity.number);
    if (!recovered && wanted === identity.controlReplica) {
      // It has forgotten what it voted and acknowledged: only one with another id may take its place.
      if (!controlIsLost) log.error("the log has lost the control plane's replica: it stays away until it is replaced");
      controlIsLost = true;
      return;
    }
    control = createControl({
      clock,
      random: random.split("control-plane"),
      log,
      host,
      engine,
      config: {
        accountId: config.accountId,
        nodeDeadAfterMs: config.nodeDeadAfterMs,
        partitionsPerTable: config.partitionsPerTable,
        founders: founders.map((number) => replicaIdOf(0, number)),
        foundingNodes: config.members.map((_, position) => position + 1),
      },
      instruct: (node, instruction) => notify(node, instructionTopic, instruction as unknown as Plain),
      sendMap: (watcher, delta) => transport.send(watcher, notice(mapTopic, delta as unknown as Plain)),
      mapChanged: (delta: MapDelta) => void follower.applyDelta(delta),
    });
    control.open({ recovered, replica: wanted, founding }, () => {
      identity = { ...identity, controlReplica: wanted };
      saveIdentity(files, identity);
    });
  }

  /** Group 0's replica comes to and leaves this node as the map says, like every other. */
  function followControlGroup(): void {
    const held = logStore.group(0);
    if (held !== undefined && control !== undefined && mustDestroy(follower, { group: 0, replica: held.replica })) {
      const leaving = control;
      control = undefined;
      log.info("the control plane's replica leaves this node");
      leaving.destroy(mapChanged);
    } else if (control === undefined && held === undefined) {
      openControl();
    }
  }

  function mapChanged(): void {
    const map = follower.map();
    files.writeAtomically(mapFile, utf8(JSON.stringify(map)));
    for (const record of map.nodes) {
      if (record.retired === true) continue;
      if (record.name !== config.name && record.endpoint !== "") transport.setRoute(record.name, record.endpoint);
    }
    followControlGroup();
    replicas?.reconcile(follower);
    for (const partition of replicas?.all() ?? []) partition.buildIndexes();
  }

  function loadStoredMap(): void {
    const stored = files.readWhole(mapFile);
    if (stored !== undefined) follower.applyDelta(wholeMapDelta(JSON.parse(fromUtf8(stored)) as ClusterMap));
  }

  function register(): void {
    const { name, zone, endpoint } = self;
    const { incarnation, number } = identity;
    const command = { operation: "RegisterNode", name, zone, endpoint, incarnation, founder: number } as const;
    controlClient.send(command, { trace: "", deadlineMs: reportPeriodMs * 20, repeatable: true }, (answer) => {
      const registered = answer.status === "ok" ? answer.outcome.node : undefined;
      assert(registered === undefined || registered.number === number, "the cluster knows this node by another number");
      if (registered !== undefined) reportSoon();
      else timers.push(clock.after(reportPeriodMs, register));
    });
  }

  function receive(from: string, message: WireMessage): void {
    switch (message.kind) {
      case "request":
        return handleRequest(from, message);
      case "response":
        return requester.handleResponse(from, message);
      case "notice":
        return handleNotice(message);
      default: {
        const node = nodeNumberOf(from);
        if (node !== 0) host?.handleMessage(node, message);
      }
    }
  }

  function handleNotice({ topic, body }: NoticeMessage): void {
    try {
      if (topic === mapTopic) {
        expectMapDelta(body);
        watch.handleNotice(body);
      } else if (topic === nodeReportTopic) {
        control?.plane.report(nodeReportIn(body));
      } else if (topic === instructionTopic && host !== undefined && !draining) {
        executeInstruction(host, instructionIn(body));
      }
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      log.warn("a notice cannot be read", { topic, reason: error.message });
    }
  }

  function nodeNumberOf(name: string): number {
    return follower.nodeByName(name)?.number ?? config.members.findIndex((member) => member.name === name) + 1;
  }

  function peerDown(peer: string): void {
    requester.handlePeerDown(peer);
    watch.peerDown(peer);
    control?.watches.remove(peer);
    const node = nodeNumberOf(peer);
    if (node !== 0) host?.peerDown(node);
  }

  function peerUp(peer: string): void {
    const node = nodeNumberOf(peer);
    if (node !== 0) host?.peerUp(node);
  }

  function sendToNode(node: number, message: WireMessage): void {
    const name = nameOfNode(node);
    if (name !== undefined) transport.send(name, message);
  }

  function notify(node: number, topic: string, body: Plain): void {
    sendToNode(node, notice(topic, body));
  }

  function reportSoon(): void {
    if (reportScheduled) return;
    reportScheduled = true;
    clock.defer(() => {
      reportScheduled = false;
      report();
    });
  }

  function report(): void {
    if (host === undefined || replicas === undefined) return;
    for (const partition of replicas.all()) partition.buildIndexes();
    const damaged = new Set(host.stats().closed.map(({ group }) => group));
    const groups = host.groups().flatMap((group) => {
      const status = host?.status(group);
      const statistics = replicas?.get(group)?.statistics;
      const bytes = statistics?.bytes ?? 0;
      if (status === undefined) return [];
      const built = statistics?.builtIndexes ?? [];
      return [groupReportOf(status, bytes, damaged.has(group), statistics?.items ?? 0, built)];
    });
    const { number: node, incarnation } = identity;
    const body: NodeReport = { node, incarnation, session, sequence: ++reportSequence, groups };
    for (const target of controlNodes()) notify(target, nodeReportTopic, body as unknown as Plain);
  }

  return {
    start,
    isReady: () => host !== undefined && follower.revision > 0,
    status: () => nodeStatus({ config, identity, host, follower, replicas, logStore }),
    drain(done) {
      draining = true;
      if (host === undefined) done();
      else host.drain(done);
    },
    stop(done) {
      for (const timer of timers) timer.cancel();
      watch.stop();
      control?.close();
      const close = (): void => transport.close(done);
      if (host === undefined) close();
      else host.stop(close);
    },
    checkInvariants() {
      host?.checkInvariants();
      control?.plane.checkInvariants();
    },
    rangesOf: (partition) => replicas?.get(partition)?.ranges() ?? [],
  };
}

/** Messages of a node to itself need no network. */
function withLoopback(transport: Transport, clock: Clock, receive: (message: WireMessage) => void): Transport {
  return {
    self: transport.self,
    start: (handlers) => transport.start(handlers),
    setRoute: (peer, endpoint) => transport.setRoute(peer, endpoint),
    send(to, message) {
      if (to === transport.self) clock.defer(() => receive(message));
      else transport.send(to, message);
    },
    isConnected: (peer) => peer === transport.self || transport.isConnected(peer),
    close: (done) => transport.close(done),
  };
}

function notice(topic: string, body: Plain): NoticeMessage {
  return { kind: "notice", topic, body: encodeBody(body) };
}

/** A stored map as the delta that makes an empty copy of it. */
function wholeMapDelta(map: ClusterMap): MapDelta {
  return { ...map, since: 0, full: true, deleted: { nodes: [], tables: [], partitions: [], credentials: [] } };
}
