// What an operator sees of the cluster: the JSON of the console's GET /api/status and of `azimuth status --json`.
// It is put together from what each process says of itself and what the agents say of the processes.

/** The process states of the host agent, and two for what an agent cannot know. */
export type NodeState =
  | "running" | "paused" | "stopped" | "killed" | "exited"
  /** Its process runs but does not answer. */
  | "silent"
  /** Neither it nor an agent that owns it answers. */
  | "unreachable";

export interface ProcessView {
  readonly name: string;
  readonly zone: string | null;
  readonly kind: string;
  readonly state: NodeState;
  /** Milliseconds since 1970, when its state began; null when no agent tells. */
  readonly since: number | null;
  readonly pid: number | null;
  /** Whether an agent that answers owns it, so that it can be killed and restarted. */
  readonly controllable: boolean;
  readonly problem: string | null;
}

export interface NodeView extends ProcessView {
  readonly number: number | null;
  readonly revision: number | null;
  readonly replicas: number;
  readonly leading: number;
  readonly logBytes: number | null;
}

export interface RouterView extends ProcessView {
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly revision: number | null;
}

export interface ReplicaView {
  readonly node: string;
  readonly role: string;
  readonly term: number;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly quiet: boolean;
  readonly initialised: boolean;
}

export interface PartitionView {
  /** The Raft group; 0 is the control plane. */
  readonly group: number;
  readonly table: string | null;
  readonly firstToken: string | null;
  readonly lastToken: string | null;
  /** Name of the node that leads it; null when no replica that answers says it does. */
  readonly leader: string | null;
  readonly term: number;
  readonly commit: number;
  /** As its leader has them; without one, at most as many as some replica has. */
  readonly items: number;
  readonly bytes: number;
  /** A split under way: the group of the second half, and its first token. */
  readonly splitting: { readonly child: number; readonly at: string } | null;
  /** Whether a majority of its voters answers. */
  readonly quorum: boolean;
  readonly voters: number;
  readonly replicas: readonly ReplicaView[];
}

export interface ZoneView {
  readonly name: string;
  readonly state: "up" | "degraded" | "down";
  readonly nodes: readonly string[];
}

export interface ClusterStatus {
  /** When it was gathered: milliseconds since 1970. */
  readonly at: number;
  readonly cluster: string;
  readonly endpoint: string | null;
  readonly zones: readonly ZoneView[];
  readonly nodes: readonly NodeView[];
  readonly routers: readonly RouterView[];
  /** Whatever else the agents own. */
  readonly others: readonly ProcessView[];
  readonly tables: readonly string[];
  readonly partitions: readonly PartitionView[];
  /** Agents that do not answer. */
  readonly problems: readonly string[];
}
