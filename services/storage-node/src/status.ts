// What a node tells of itself to people: GET /status, and through it the console and `azimuth status`.
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import type { GroupStatus, ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { HostStats } from "@azimuth/replication/replication-host.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import type { Identity } from "./identity.ts";
import type { Replicas } from "./replicas.ts";

export interface NodeGroupStatus extends Omit<GroupStatus, "config" | "progress"> {
  readonly voters: readonly number[];
  readonly learners: readonly number[];
  readonly progress: GroupStatus["progress"];
  readonly table?: string | undefined;
  readonly firstToken?: string | undefined;
  readonly lastToken?: string | undefined;
  /** A split under way, by the map that this node follows: the other half's number and first token. */
  readonly splitting?: { readonly child: number; readonly at: string } | undefined;
  readonly items: number;
  readonly bytes: number;
}

export interface NodeStatus {
  readonly name: string;
  readonly zone: string;
  readonly node: number;
  readonly incarnation: string;
  /** Revision of the cluster map that it follows. */
  readonly revision: number;
  readonly groups: readonly NodeGroupStatus[];
  readonly log: ReturnType<LogStore["stats"]>;
  /** What the replication host has done so far; undefined until it is opened. */
  readonly replication: HostStats | undefined;
}

/** A global index by its table's name and its own. */
function nameOf(follower: MapFollower, tableOrIndexId: number): string | undefined {
  const table = follower.tableOwning(tableOrIndexId);
  const index = table?.indexes?.find(({ indexId }) => indexId === tableOrIndexId);
  return index === undefined ? table?.name : `${table?.name}/${index.name}`;
}

export function nodeStatus(parts: {
  readonly config: { readonly name: string; readonly zone: string };
  readonly identity: Identity;
  readonly host: (ReplicationHost & { stats(): HostStats }) | undefined;
  readonly follower: MapFollower;
  readonly replicas: Replicas | undefined;
  readonly logStore: LogStore;
}): NodeStatus {
  const { config, identity, host, follower, replicas, logStore } = parts;
  const groups = (host?.groups() ?? []).flatMap((group): NodeGroupStatus[] => {
    const status = host?.status(group);
    if (status === undefined) return [];
    const { config: membership, ...rest } = status;
    const partition = replicas?.get(group);
    const descriptor = partition?.descriptor;
    return [
      {
        ...rest,
        voters: membership.voters,
        learners: membership.learners,
        table: descriptor === undefined ? undefined : nameOf(follower, descriptor.tableId),
        firstToken: descriptor?.firstToken,
        lastToken: descriptor?.lastToken,
        splitting: follower.group(group)?.splitting,
        items: partition?.statistics.items ?? 0,
        bytes: partition?.statistics.bytes ?? 0,
      },
    ];
  });
  const { number: node, incarnation } = identity;
  return {
    name: config.name,
    zone: config.zone,
    node,
    incarnation,
    revision: follower.revision,
    groups,
    log: logStore.stats(),
    replication: host?.stats(),
  };
}
