// Tables by name or ARN: the constraints on TableName, and the table it stands for.
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { tableArnLengthMax, tableNameLengthMax, tableNameLengthMin } from "./limits.ts";
import type { ParseContext } from "./operation.ts";

export const namePattern = "[a-zA-Z0-9_.-]+";

const plainName = /^[a-zA-Z0-9_.-]{3,255}$/;
const arnPattern = /^arn:[a-z-]+:dynamodb:([a-z0-9-]+):([0-9]{12}):table\/([a-zA-Z0-9_.-]+)$/;

/** Adds what is wrong with a TableName to the list. An empty name breaks the API's own minimum, which is 1. */
export function constrainTableName(constraints: ConstraintList, name: unknown, path = "tableName"): void {
  if (typeof name === "string" && plainName.test(name)) return;
  if (!constraints.required(name, path)) return;
  if (arnPattern.test(name as string)) return constraints.length(name, path, 1, tableArnLengthMax);
  constraints.pattern(name === "" ? undefined : name, path, namePattern);
  constraints.length(name, path, name === "" ? 1 : tableNameLengthMin, tableNameLengthMax);
}

/** The name in a TableName; undefined for the ARN of another region or account. */
export function nameOfTable(nameOrArn: string, context: ParseContext): string | undefined {
  if (!nameOrArn.startsWith("arn:")) return nameOrArn;
  const arn = arnPattern.exec(nameOrArn);
  if (arn === null) return nameOrArn;
  return arn[1] === context.region && arn[2] === context.accountId ? arn[3] : undefined;
}

/** The table of an item operation; throws ResourceNotFoundException when there is none that serves. */
export function findActiveTable(nameOrArn: string, context: ParseContext): TableDefinition {
  const name = nameOfTable(nameOrArn, context);
  const table = name === undefined ? undefined : context.findTable(name);
  if (table === undefined || table.status === "CREATING" || table.status === "DELETING") {
    throw new DynamoDbException("ResourceNotFoundException", "Requested resource not found");
  }
  return table;
}

export function tableArn(name: string, region: string, accountId: string): string {
  return `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}

/** The TableName of an unchecked request, for RouterOperation.tableNames. */
export function mentionedTable(input: unknown): readonly string[] {
  const name = (input as { TableName?: unknown } | null | undefined)?.TableName;
  return typeof name === "string" ? [name] : [];
}

/** The table names of an unchecked batch request. */
export function mentionedTables(input: unknown): readonly string[] {
  const items = (input as { RequestItems?: unknown } | null | undefined)?.RequestItems;
  return typeof items === "object" && items !== null && !Array.isArray(items) ? Object.keys(items) : [];
}
