// Every operation, by name: one line here and one file each. The router parses and replies (routerOperations), nodes
// decide and read (nodeOperations), by the `operation` of a command.
import { batchExecuteStatementOnRouter } from "./batch-execute-statement.ts";
import { batchGetItemOnRouter } from "./batch-get-item.ts";
import { batchWriteItemOnRouter } from "./batch-write-item.ts";
import { conditionCheckOnNode } from "./condition-check.ts";
import { createTableOnRouter } from "./create-table.ts";
import { deleteItemOnNode, deleteItemOnRouter } from "./delete-item.ts";
import { executeStatementOnRouter } from "./execute-statement.ts";
import { executeTransactionOnRouter } from "./execute-transaction.ts";
import { getItemOnNode, getItemOnRouter } from "./get-item.ts";
import type { NodeOperation } from "./operation.ts";
import type { RouterOperation } from "./plan.ts";
import { putItemOnNode, putItemOnRouter } from "./put-item.ts";
import { queryOnRouter } from "./query.ts";
import { rangeReadOnNode } from "./range-read.ts";
import { scanOnRouter } from "./scan.ts";
import { describeEndpointsOnRouter, describeLimitsOnRouter } from "./service-operations.ts";
import {
  deleteTableOnRouter, describeTableOnRouter, listTablesOnRouter,
} from "./table-operations.ts";
import { listTagsOnRouter, tagResourceOnRouter, untagResourceOnRouter } from "./tags.ts";
import { describeTimeToLiveOnRouter, updateTimeToLiveOnRouter } from "./time-to-live.ts";
import { transactGetItemsOnRouter } from "./transact-get-items.ts";
import { transactWriteItemsOnRouter } from "./transact-write-items.ts";
import { ledgerOnNode } from "./transaction-ledger.ts";
import { updateItemOnNode, updateItemOnRouter } from "./update-item.ts";
import { updateTableOnRouter } from "./update-table.ts";

export type {
  BatchPart, BatchPlan, ControlPlan, PartResult, Plan, PointReadPlan, RangeReadPlan, RouterOperation, WritePlan,
} from "./plan.ts";

const onRouter: readonly RouterOperation[] = [
  batchExecuteStatementOnRouter,
  batchGetItemOnRouter,
  batchWriteItemOnRouter,
  createTableOnRouter,
  deleteItemOnRouter,
  deleteTableOnRouter,
  describeEndpointsOnRouter,
  describeLimitsOnRouter,
  describeTableOnRouter,
  describeTimeToLiveOnRouter,
  executeStatementOnRouter,
  executeTransactionOnRouter,
  getItemOnRouter,
  listTablesOnRouter,
  listTagsOnRouter,
  putItemOnRouter,
  queryOnRouter,
  scanOnRouter,
  tagResourceOnRouter,
  untagResourceOnRouter,
  transactGetItemsOnRouter,
  transactWriteItemsOnRouter,
  updateItemOnRouter,
  updateTableOnRouter,
  updateTimeToLiveOnRouter,
];

export const routerOperations: ReadonlyMap<string, RouterOperation> = new Map(
  onRouter.map((operation) => [operation.name, operation]),
);

/** The parts of a batch are PutItem, DeleteItem and GetItem; a page is read alike for Query and Scan. */
export const nodeOperations: ReadonlyMap<string, NodeOperation> = new Map<string, NodeOperation>([
  ["ConditionCheck", conditionCheckOnNode],
  ["DeleteItem", deleteItemOnNode],
  ["GetItem", getItemOnNode],
  ["Ledger", ledgerOnNode],
  ["PutItem", putItemOnNode],
  ["Query", rangeReadOnNode],
  ["Scan", rangeReadOnNode],
  ["UpdateItem", updateItemOnNode],
]);
