// The cluster map: what every process knows of the cluster, kept by group 0 and followed by all others
// through a watch. Records carry the revision (index in group 0's log) that last changed them; a watcher asks
// for everything above the revision it has. Plain JSON-able data.
import type { TableDefinition } from "@azimuth/model/table.ts";

export type NodeState = "up" | "down" | "draining";

export interface NodeRecord {
  /** 1 to 4095; unique for ever: a node that lost its disk joins with another number. */
  readonly number: number;
  /** Process name, e.g. "node-1": its address for the transport. Kept over restarts. */
  readonly name: string;
  readonly zone: string;
  /** host:port of its gRPC listener. */
  readonly endpoint: string;
  /** Random identity of its data directory. */
  readonly incarnation: string;
  readonly state: NodeState;
  /** Its disk was lost and its name has another number now: it never comes up again. */
  readonly retired?: boolean;
}

export interface PartitionRecord {
  /** Also the Raft group id; 1 and above (0 is the control plane). */
  readonly partition: number;
  readonly tableId: number;
  /** Tokens in [firstToken, lastToken], both included; 16 lower-case hex digits. */
  readonly firstToken: string;
  readonly lastToken: string;
  /** Version of the range; a split raises it. Requests carry it. */
  readonly epoch: number;
  /** Version of the membership. */
  readonly configEpoch: number;
  /** Replica ids (replication/host-api.ts); the node number is in the id. */
  readonly voters: readonly number[];
  readonly learners: readonly number[];
  /**
   * The replicas it was created with: only these bootstrap, all others wait for a snapshot. Empty once it was split, or
   * when a split made it: then its first replicas come from those of the parent (packages/partition, split.ts).
   */
  readonly bootstrap: readonly number[];
  /**
   * A change of membership under way: `add` is a learner until it has caught up, then takes the place of
   * `remove`. `remove` 0: only add; `add` 0: only remove (the node that lost it gets a fresh replica
   * afterwards).
   */
  readonly replacing: { readonly remove: number; readonly add: number } | undefined;
  /** A split under way: the number and the first token of the partition that it makes. It is never taken back. */
  readonly splitting?: { readonly child: number; readonly at: string };
  /** Index in the group's own log whose configuration `voters` and `learners` show; absent until it changed once. */
  readonly configIndex?: number;
}

export interface CredentialRecord {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly userName: string;
  readonly createdAt: number;
}

export interface ClusterMap {
  readonly clusterId: string;
  readonly revision: number;
  /** Every table and index made so far has a smaller id: one below it that is not listed was deleted. */
  readonly nextTable: number;
  /** The same of partitions by their numbers. */
  readonly nextPartition: number;
  /** The control plane's own group (0); undefined until it has been set up. */
  readonly control: PartitionRecord | undefined;
  readonly nodes: readonly NodeRecord[];
  readonly tables: readonly TableDefinition[];
  readonly partitions: readonly PartitionRecord[];
  readonly credentials: readonly CredentialRecord[];
}
