// What a local cluster consists of: from a few choices to the exact command line of every process, as one plain value
// that is written to data/cluster.json. The agent starts what it lists, and the command line and the scripts find
// everything by it. Nodes are dealt over the zones in turn (node-1 az-1, node-2 az-2, …), so that a cluster started
// again with more nodes keeps the ones it has where they are.
import { join } from "node:path";
import type { ProcessSpec } from "@azimuth/host-agent/processes.ts";
import { formatMembers, type Member } from "@azimuth/console/members.ts";

export const zones = ["az-1", "az-2", "az-3"] as const;
export const localHost = "127.0.0.1";

export interface LocalPorts {
  readonly endpoint: number;
  readonly console: number;
  readonly agent: number;
  readonly routerHttp: number;
  /** One pair for each node. */
  readonly nodes: readonly { readonly grpc: number; readonly http: number }[];
}

export interface LocalChoices {
  /** The repository. */
  readonly root: string;
  /** Where services/ is. */
  readonly sources: string;
  /** The Node that runs them. */
  readonly node: string;
  /** Where everything the cluster keeps goes. */
  readonly directory: string;
  readonly cluster: string;
  readonly run: string;
  readonly region: string;
  readonly nodesPerZone: number;
  readonly auth: boolean;
  readonly logLevel: string;
  /** How often a node looks for expired items; undefined: its default. */
  readonly ttlSweepMs?: number | undefined;
  /** How long a table's time to live stays as it is after a change; undefined: it may be changed again at once. */
  readonly ttlUpdateIntervalMs?: number | undefined;
  /** Partitions with more are split; undefined: the nodes' default. */
  readonly partitionMb?: number | undefined;
  readonly ports: LocalPorts;
}

export interface LocalCluster {
  readonly version: 1;
  readonly cluster: string;
  /** Identity of this start: a process that answers with another one is not ours. */
  readonly run: string;
  readonly region: string;
  readonly auth: boolean;
  readonly nodesPerZone: number;
  readonly endpoint: string;
  readonly console: string;
  readonly routerHttp: string;
  readonly agents: readonly string[];
  /** By their HTTP status addresses. */
  readonly nodes: readonly Member[];
  readonly routers: readonly Member[];
  readonly ports: LocalPorts;
  readonly processes: readonly ProcessSpec[];
}

export function planLocalCluster(choices: LocalChoices): LocalCluster {
  const { ports } = choices;
  const at = (port: number): string => `${localHost}:${port}`;
  const nodes = ports.nodes.map(({ http }, index): Member =>
    ({ name: `node-${index + 1}`, zone: zoneOf(index), http: at(http) }));
  const members = ports.nodes.map(({ grpc }, index) => `node-${index + 1}=${zoneOf(index)}=${at(grpc)}`).join(",");
  const router: Member = { name: "router-1", zone: null, http: at(ports.routerHttp) };
  const agent = at(ports.agent);
  return {
    version: 1,
    cluster: choices.cluster,
    run: choices.run,
    region: choices.region,
    auth: choices.auth,
    nodesPerZone: choices.nodesPerZone,
    endpoint: `http://${at(ports.endpoint)}`,
    console: `http://${at(ports.console)}`,
    routerHttp: router.http,
    agents: [agent],
    nodes,
    routers: [router],
    ports,
    processes: [
      ...nodes.map((node, index) => nodeProcess(choices, node, at(ports.nodes[index]?.grpc ?? 0), members)),
      routerProcess(choices, router, members),
      consoleProcess(choices, nodes, router, agent),
    ],
  };
}

function zoneOf(index: number): string {
  return zones[index % zones.length] as string;
}

function nodeProcess(choices: LocalChoices, node: Member, grpc: string, members: string): ProcessSpec {
  return processOf(choices, node.name, node.zone, "storage-node", [
    "--name", node.name, "--zone", node.zone ?? "", "--listen", grpc, "--advertise", grpc,
    "--data", join(choices.directory, node.name), "--cluster", choices.cluster, "--members", members,
    "--http", node.http, "--log-level", choices.logLevel,
    ...numberFlag("--ttl-sweep-ms", choices.ttlSweepMs),
    ...numberFlag("--ttl-update-interval-ms", choices.ttlUpdateIntervalMs),
    ...numberFlag("--partition-mb", choices.partitionMb),
  ]);
}

function numberFlag(flag: string, value: number | undefined): readonly string[] {
  return value === undefined ? [] : [flag, String(value)];
}

/** The router stands outside the zones: the local cluster has only one, and a zone's loss must not take it along. */
function routerProcess(choices: LocalChoices, router: Member, members: string): ProcessSpec {
  return processOf(choices, router.name, null, "request-router", [
    "--name", router.name, "--zone", zones[0], "--listen", `${localHost}:${choices.ports.endpoint}`,
    "--cluster", choices.cluster, "--members", members, "--http", router.http,
    "--region", choices.region, "--log-level", choices.logLevel, ...(choices.auth ? [] : ["--no-auth"]),
  ]);
}

function consoleProcess(
  choices: LocalChoices, nodes: readonly Member[], router: Member, agent: string,
): ProcessSpec {
  return processOf(choices, "console", null, "console", [
    "--listen", `${localHost}:${choices.ports.console}`, "--cluster", choices.cluster,
    "--members", formatMembers(nodes), "--routers", formatMembers([router]), "--agents", agent,
  ]);
}

function processOf(
  choices: LocalChoices, name: string, zone: string | null, service: string, flags: readonly string[],
): ProcessSpec {
  return {
    name, zone, kind: service, command: choices.node,
    arguments: [
      "--disable-warning=ExperimentalWarning", join(choices.sources, "services", service, "src", "main.ts"), ...flags,
    ],
    environment: { NODE_COMPILE_CACHE: join(choices.root, "node_modules", ".cache", "azimuth") },
    logFile: join(choices.directory, "logs", `${name}.log`),
    pidFile: join(choices.directory, "pids", `${name}.pid`),
  };
}
