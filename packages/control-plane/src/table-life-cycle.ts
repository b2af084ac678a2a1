// The life of a table: what each event does in each state, as one table that the compiler proves complete.
//
//   CREATING --partitions-ready--> ACTIVE --delete--> DELETING --replicas-gone--> (gone)
//                                  ACTIVE --update--> UPDATING --partitions-ready--> ACTIVE
import type { TableStatus } from "@azimuth/model/table.ts";

export type TableEvent =
  /** Every partition has a leader; or nothing is to be waited for, as after a change of capacity. */
  | "partitions-ready"
  /** No node holds a replica of the table any more. */
  | "replicas-gone"
  | "delete"
  | "update";

export type TableTransition =
  | { readonly kind: "become"; readonly status: TableStatus }
  | { readonly kind: "vanish" }
  /** The table is busy; the text is what DynamoDB says before the table's name. */
  | { readonly kind: "refuse"; readonly because: string }
  /** An event that came late or twice. */
  | { readonly kind: "ignore" };

const ignore: TableTransition = { kind: "ignore" };
const refuse = (because: string): TableTransition => ({ kind: "refuse", because });
const become = (status: TableStatus): TableTransition => ({ kind: "become", status });

const transitions: Readonly<Record<TableStatus, Readonly<Record<TableEvent, TableTransition>>>> = {
  CREATING: {
    "partitions-ready": become("ACTIVE"),
    "replicas-gone": ignore,
    delete: refuse("Table is being created"),
    update: refuse("Table is being created"),
  },
  ACTIVE: {
    "partitions-ready": ignore,
    "replicas-gone": ignore,
    delete: become("DELETING"),
    update: become("UPDATING"),
  },
  UPDATING: {
    "partitions-ready": become("ACTIVE"),
    "replicas-gone": ignore,
    delete: refuse("Table is being updated"),
    update: refuse("Table is being updated"),
  },
  DELETING: {
    "partitions-ready": ignore,
    "replicas-gone": { kind: "vanish" },
    delete: refuse("Table is being deleted"),
    update: refuse("Table is being deleted"),
  },
};

export function tableTransition(status: TableStatus, event: TableEvent): TableTransition {
  return transitions[status][event];
}
