// The request router: stateless, one process per front. It follows the cluster map, authenticates and validates
// requests, sends commands to the partitions' replicas and answers as DynamoDB does. The HTTP server in front
// of `handle` is a door of its own (http-server.ts), so the simulator runs this very code.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import { controlFounders, type Member } from "@azimuth/foundation/members.ts";
import type { Metrics } from "@azimuth/foundation/metrics.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { createControlClient } from "@azimuth/control-plane/control-client.ts";
import { createDispatcher } from "@azimuth/control-plane/dispatch.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { createMapWatchClient } from "@azimuth/control-plane/map-watch-client.ts";
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import { mapTopic } from "@azimuth/control-plane/watch.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import { createRequester } from "@azimuth/rpc/requests.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import { createAuthenticator } from "./authenticate.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { createPipeline, type RouterRequest } from "./pipeline.ts";
import { createReachability, type KnownNode } from "./reachability.ts";
import { createRouterMetrics } from "./router-metrics.ts";
import { createTableCatalog } from "./table-catalog.ts";

export interface RequestRouterDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly transport: Transport;
}

export interface RequestRouterConfig {
  readonly name: string;
  readonly zone: string;
  readonly members: readonly Member[];
  readonly region: string;
  readonly accountId: string;
  /** False: every request is let in as it is. */
  readonly authentication: boolean;
  readonly deadlineMs?: number | undefined;
}

export interface RequestRouter {
  start(): void;
  /** True while it has a map of a cluster that has been set up and reaches nodes of a majority of its zones. */
  isReady(): boolean;
  handle(request: RouterRequest): Promise<HttpAnswer>;
  map(): ClusterMap;
  stop(done: () => void): void;
}

const defaultDeadlineMs = 5000;

export function createRequestRouter(doors: RequestRouterDoors, config: RequestRouterConfig): RequestRouter {
  const { clock, random, log, transport } = doors;
  const follower = new MapFollower();
  const knownNodes = (): Iterable<KnownNode> => {
    const nodes = [...follower.nodes()].filter((node) => node.retired !== true);
    return nodes.length > 0 ? nodes : config.members;
  };
  const reachability = createReachability({
    clock,
    random: random.split("reachability"),
    requester: createRequester({ transport, clock, random: random.split("requests") }),
    nodes: knownNodes,
  });
  const { requester, isSilent } = reachability;
  const founders = controlFounders(config.members);
  const nameOfNode = (node: number): string | undefined =>
    follower.node(node)?.name ?? config.members[node - 1]?.name;
  const controlNames = (): readonly string[] => {
    const control = follower.group(0);
    const nodes = control === undefined ? founders : control.voters.map(nodeOfReplica);
    const named = nodes.map(nameOfNode).filter((name): name is string => name !== undefined);
    const names = named.length > 0 ? named : config.members.map((member) => member.name);
    const heard = names.filter((name) => !isSilent(name));
    return heard.length > 0 ? heard : names;
  };
  const controlClient = createControlClient({ clock, requester, candidates: controlNames, nameOfNode });
  /**
   * Whoever holds group 0 as far as is known here, then everybody else: an old map may name none that still
   * does.
   */
  const watchCandidates = (): readonly string[] => {
    const known = [...follower.nodes()].filter((node) => node.retired !== true).map((node) => node.name);
    return [...new Set([...controlNames(), ...config.members.map((member) => member.name), ...known])];
  };
  const watch = createMapWatchClient({ clock, log, requester, follower, candidates: watchCandidates });
  const refreshMap = (done: () => void): void => watch.refresh(done);
  const catalog = createTableCatalog({ clock, follower, controlClient, refreshMap });
  const dispatcher = createDispatcher({
    clock,
    random: random.split("dispatch"),
    requester,
    follower,
    zone: config.zone,
    isSilent,
    refreshMap,
    learnSplit: (partition, split) => follower.learnSplit(partition, split),
  });
  const handle = createPipeline({
    clock,
    random: random.split("request-tokens"),
    log,
    metrics: createRouterMetrics(doors.metrics),
    authenticate: createAuthenticator({ clock, follower, enabled: config.authentication }),
    catalog,
    dispatcher,
    controlClient,
    parseContext: { region: config.region, accountId: config.accountId },
    deadlineMs: config.deadlineMs ?? defaultDeadlineMs,
  });

  function receive(from: string, message: WireMessage): void {
    if (message.kind === "response") requester.handleResponse(from, message);
    else if (message.kind === "notice" && message.topic === mapTopic) watch.handleNotice(message.body);
  }

  function followRoutes(): void {
    for (const node of follower.nodes())
      if (node.retired !== true && node.endpoint !== "") transport.setRoute(node.name, node.endpoint);
  }

  return {
    handle,
    map: () => follower.map(),
    isReady: () => follower.map().credentials.length > 0 && reachability.reachesMajority(),
    start() {
      for (const member of config.members) transport.setRoute(member.name, member.endpoint);
      transport.start({
        message: receive,
        peerUp: (peer) => reachability.peerUp(peer),
        peerDown(peer) {
          requester.handlePeerDown(peer);
          watch.peerDown(peer);
        },
      });
      follower.onChange(followRoutes);
      watch.start();
      reachability.start();
    },
    stop(done) {
      watch.stop();
      reachability.stop();
      requester.close();
      transport.close(done);
    },
  };
}
