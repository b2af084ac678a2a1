// Every operation, by name: one line here and one file each. The router parses and replies (routerOperations), nodes
// decide and read (nodeOperations), by the `operation` of a command.
import { getItemOnNode, getItemOnRouter } from "./get-item.ts";
import type { NodeOperation } from "./operation.ts";
import type { RouterOperation } from "./plan.ts";
import { putItemOnNode, putItemOnRouter } from "./put-item.ts";

export type {
  BatchPart, BatchPlan, ControlPlan, PartResult, Plan, PointReadPlan, RangeReadPlan, RouterOperation, WritePlan,
} from "./plan.ts";

const onRouter: readonly RouterOperation[] = [
  getItemOnRouter,
  putItemOnRouter,
];

export const routerOperations: ReadonlyMap<string, RouterOperation> = new Map(
  onRouter.map((operation) => [operation.name, operation]),
);

export const nodeOperations: ReadonlyMap<string, NodeOperation> = new Map<string, NodeOperation>([
  ["GetItem", getItemOnNode],
  ["PutItem", putItemOnNode],
]);
