// Everything that can be asked of the control plane: table operations from routers, registration from nodes,
// and the changes that the autoadmin decides on. Commands and outcomes are plain data for MessagePack.
//
// A control request (method "control") carries a ControlCommand in its body; the answer is a ControlOutcome.
import type { KeyAttribute, NewIndex, OnDemandMaximum, TableDefinition, Throughput } from "@azimuth/model/table.ts";
import type { SplitDone } from "./halves.ts";
import type { CredentialRecord, NodeRecord, NodeState } from "./cluster-map.ts";

/** What CreateTable's request says of a table; the control plane adds the rest. */
export type NewTable =
  & Omit<TableDefinition, "tableId" | "uuid" | "status" | "createdAt" | "indexes">
  & { readonly newIndexes?: readonly NewIndex[] };

export interface CreateTableCommand {
  readonly operation: "CreateTable";
  readonly definition: NewTable;
  /** Number of partitions to start with; the rule in partition-count.ts when absent. */
  readonly partitions?: number;
}

export interface DeleteTableCommand {
  readonly operation: "DeleteTable";
  readonly name: string;
}

export interface DescribeTableCommand {
  readonly operation: "DescribeTable";
  readonly name: string;
}

export interface ListTablesCommand {
  readonly operation: "ListTables";
  /** Names after this one, in byte order. */
  readonly exclusiveStart?: string | undefined;
  readonly limit: number;
}

/** Members that are absent stay as they are, here and within each member. */
export interface CapacityChange {
  readonly throughput?: Throughput;
  readonly onDemandMaximum?: OnDemandMaximum | undefined;
  readonly warmThroughput?: Partial<Throughput> | undefined;
}

export interface IndexCapacityChange extends CapacityChange {
  readonly name: string;
}

/** Members that are absent stay as they are. */
export interface UpdateTableCommand {
  readonly operation: "UpdateTable";
  readonly name: string;
  readonly change: CapacityChange & Partial<Pick<TableDefinition,
    "billingMode" | "deletionProtection" | "tableClass" | "tags">>;
  /** One global secondary index made, deleted or given other capacity. */
  readonly indexUpdate?: IndexUpdate | undefined;
}

export type IndexUpdate =
  /** `attributes`: definitions of the index's key attributes, which the table may have already. */
  | { readonly kind: "create"; readonly index: NewIndex; readonly attributes: readonly KeyAttribute[] }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "change"; readonly changes: readonly IndexCapacityChange[] };

export interface UpdateTimeToLiveCommand {
  readonly operation: "UpdateTimeToLive";
  readonly name: string;
  readonly attribute: string;
  readonly enabled: boolean;
}

/** Sets these tags, whatever their values were. */
export interface TagResourceCommand {
  readonly operation: "TagResource";
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface UntagResourceCommand {
  readonly operation: "UntagResource";
  readonly name: string;
  /** Keys that the table does not have are ignored. */
  readonly keys: readonly string[];
}

export interface RegisterNodeCommand {
  readonly operation: "RegisterNode";
  readonly name: string;
  readonly zone: string;
  readonly endpoint: string;
  /** Random identity of the data directory: another one means that the disk was lost. */
  readonly incarnation: string;
  /** The number a founding member already goes by. Taken if it is free and reserved for founders. */
  readonly founder?: number | undefined;
}

export interface SetNodeStateCommand {
  readonly operation: "SetNodeState";
  readonly node: number;
  readonly state: NodeState;
  /** Only from this state. Absent: whatever it is. */
  readonly from?: NodeState;
}

export interface CreateCredentialCommand {
  readonly operation: "CreateCredential";
  readonly userName: string;
}

export interface DeleteCredentialCommand {
  readonly operation: "DeleteCredential";
  readonly accessKeyId: string;
}

/** Sets up an empty control plane: cluster id, the record of group 0, the first credential. */
export interface BootstrapCommand {
  readonly operation: "Bootstrap";
  readonly voters: readonly number[];
  /** Numbers that the founding members took by their position, whether or not they hold group 0. */
  readonly foundingNodes?: readonly number[];
}

/** The autoadmin's own. Each is decided again against the state, so that a repeated or late one does nothing. */
export interface TableEventCommand {
  readonly operation: "TableEvent";
  readonly tableId: number;
  readonly event: "partitions-ready" | "replicas-gone";
}

export interface IndexEventCommand {
  readonly operation: "IndexEvent";
  readonly tableId: number;
  readonly indexId: number;
  /** Its partitions have leaders; every base partition has filled it; no node holds a replica of it any more. */
  readonly event: "allocated" | "built" | "gone";
}

export interface ForgetNodeCommand {
  readonly operation: "ForgetNode";
  readonly node: number;
}

/** Opens a change of membership: `remove` (0: none) gives way to a new replica on node `node` (0: none). */
export interface StartReplacementCommand {
  readonly operation: "StartReplacement";
  readonly partition: number;
  readonly configEpoch: number;
  readonly remove: number;
  readonly node: number;
}

/** Asks for a split; an operator's or the autoadmin's. Refused while the partition's membership changes. */
export interface StartSplitCommand {
  readonly operation: "StartSplit";
  readonly partition: number;
  /** First token of the second half; the middle of the range when absent. */
  readonly at?: string | undefined;
  /** The range that was looked at; absent: whichever it is. */
  readonly epoch?: number | undefined;
}

/** The partition's log has the split: both halves as its leader reported them. */
export interface RecordSplitCommand extends SplitDone {
  readonly operation: "RecordSplit";
  readonly partition: number;
}

/** Gives up a replacement whose new replica cannot come: the group does not have it (any more). */
export interface CancelReplacementCommand {
  readonly operation: "CancelReplacement";
  readonly partition: number;
  readonly configEpoch: number;
}

/** The group's own membership as of `configIndex` of its log, as one of its replicas reported it. */
export interface RecordMembershipCommand {
  readonly operation: "RecordMembership";
  readonly partition: number;
  readonly configEpoch: number;
  readonly configIndex: number;
  readonly voters: readonly number[];
}

export type TableCommand =
  | CreateTableCommand | DeleteTableCommand | DescribeTableCommand | ListTablesCommand | UpdateTableCommand
  | TagResourceCommand | UntagResourceCommand | UpdateTimeToLiveCommand;

export type ControlCommand =
  | TableCommand
  | RegisterNodeCommand | SetNodeStateCommand | ForgetNodeCommand
  | CreateCredentialCommand | DeleteCredentialCommand
  | BootstrapCommand | TableEventCommand | IndexEventCommand | StartReplacementCommand
  | CancelReplacementCommand | RecordMembershipCommand | StartSplitCommand | RecordSplitCommand;

/** Plain data; members depend on the operation. `refused` becomes an exception at the router. */
export interface ControlOutcome {
  readonly refused?: { readonly type: string; readonly message: string };
  /** Create-, Delete-, Describe-, UpdateTable. */
  readonly table?: TableDefinition;
  /** DescribeTable: of the table's partitions (one replica of each), as last reported. */
  readonly sizes?: {
    readonly itemCount: number;
    readonly bytes: number;
    /** Of the table's indexes, by their names. */
    readonly indexes?: Readonly<Record<string, { readonly itemCount: number; readonly bytes: number }>>;
  };
  /** ListTables. */
  readonly names?: readonly string[];
  /** ListTables: there are more after this name. */
  readonly last?: string;
  readonly node?: NodeRecord;
  /** StartSplit: number of the partition that will begin, and its first token. */
  readonly child?: number;
  readonly at?: string;
  readonly credential?: CredentialRecord;
  /** A command of the autoadmin that came too late and changed nothing. */
  readonly ignored?: boolean;
}

export type ControlAnswer =
  | { readonly status: "ok"; readonly outcome: ControlOutcome }
  /** `leader` is a node number, 0 when unknown. */
  | { readonly status: "not-leader"; readonly leader: number }
  /** The command may or may not have been carried out. */
  | { readonly status: "unavailable"; readonly reason: string };
