// A SELECT where only reads of one item will do, in batches and transactions: it has to name the primary key of the
// table, by equality or IN of one value, and nothing else. It becomes what GetItem is asked.
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { keyReads, soleKey } from "@azimuth/partiql/key-access.ts";
import type { Parameters } from "@azimuth/partiql/parameters.ts";
import type { SelectStatement } from "@azimuth/partiql/syntax-tree.ts";
import { withoutTruth } from "@azimuth/partiql/truth.ts";
import type { ExpressionParameters } from "./expressions.ts";
import { columnsJson, projectedAttributes } from "./partiql-projection.ts";
import { rangedReads } from "./partiql-reads.ts";
import { tableSource } from "./partiql-source.ts";
import { attributesJson, placeholderParameters } from "./partiql-statements.ts";

export interface PlannedPointRead {
  readonly get: ExpressionParameters & { readonly TableName: string; readonly Key: JsonObject };
  /** The columns of the item that was read. */
  readonly toJson: (item: Uint8Array) => string;
}

export function plannedPointRead(
  statement: SelectStatement, parameters: Parameters, table: TableDefinition, operationName: string,
): PlannedPointRead {
  const where = statement.where && withoutTruth(statement.where, parameters);
  const reads = keyReads(where, table.key, parameters);
  if (reads !== undefined) rangedReads(reads, tableSource(table), { byPartition: "as-written", reverse: false });
  const key = soleKey(reads, table.key);
  if (key === undefined || statement.index !== undefined) {
    throw validationException(
      `Select statements within ${operationName} must specify the primary key in the where clause.`,
    );
  }
  const attributes = projectedAttributes(statement.projection);
  const writer = new ExpressionWriter(parameters);
  const projection = attributes && writer.projection(attributes);
  return {
    get: {
      TableName: statement.table,
      Key: attributesJson(key),
      ...(projection === undefined ? {} : { ProjectionExpression: projection }),
      ...placeholderParameters(writer),
    },
    toJson: columnsJson(statement.projection),
  };
}
