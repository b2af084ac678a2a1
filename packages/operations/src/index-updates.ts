// GlobalSecondaryIndexUpdates of UpdateTable: one index created or deleted at a time, or other capacity for some.
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { KeyAttribute, NewIndex, TableDefinition, Throughput } from "@azimuth/model/table.ts";
import { capacityMembers, throughputOf, type ProvisionedThroughput } from "./capacity-settings.ts";
import {
  attributeDefinitionsShape, constrainAttributeDefinitions, constrainIndex, constrainIndexName, globalIndexMembers,
  readGlobalIndex, type AttributeDefinition, type IndexRequest,
} from "./index-definitions.ts";
import { indexKeyAttributesMax } from "./limits.ts";
import type { Members } from "./request-shape.ts";

export interface GlobalIndexUpdate {
  readonly Create?: IndexRequest;
  readonly Update?: { readonly IndexName: string; readonly ProvisionedThroughput?: ProvisionedThroughput };
  readonly Delete?: { readonly IndexName: string };
}

export interface IndexUpdateRequest {
  readonly AttributeDefinitions?: readonly AttributeDefinition[];
  readonly GlobalSecondaryIndexUpdates?: readonly GlobalIndexUpdate[];
}

/** What the control plane is asked for (control-plane/src/commands.ts, IndexUpdate). */
export type IndexUpdate =
  | { readonly kind: "create"; readonly index: NewIndex; readonly attributes: readonly KeyAttribute[] }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "change"; readonly throughputs: readonly IndexThroughput[] };

export interface IndexThroughput {
  readonly name: string;
  readonly throughput: Throughput;
}

export const indexUpdateMembers: Members = {
  AttributeDefinitions: attributeDefinitionsShape,
  GlobalSecondaryIndexUpdates: {
    list: {
      members: {
        Create: { members: globalIndexMembers, of: "CreateGlobalSecondaryIndexAction" },
        Update: {
          members: { IndexName: "String", ...capacityMembers }, of: "UpdateGlobalSecondaryIndexAction",
        },
        Delete: { members: { IndexName: "String" }, of: "DeleteGlobalSecondaryIndexAction" },
      },
      of: "GlobalSecondaryIndexUpdate",
      element: true,
    },
  },
};

const invalid = "One or more parameter values were invalid: ";

export function constrainIndexUpdates(constraints: ConstraintList, request: IndexUpdateRequest): void {
  constrainAttributeDefinitions(constraints, request.AttributeDefinitions ?? [], "attributeDefinitions");
  request.GlobalSecondaryIndexUpdates?.forEach((update, position) => {
    const path = `globalSecondaryIndexUpdates.${position + 1}.member`;
    if (update?.Create) constrainIndex(constraints, update.Create, `${path}.create`, 2 * indexKeyAttributesMax);
    if (update?.Update) constrainIndexName(constraints, update.Update.IndexName, `${path}.update.indexName`);
    if (update?.Delete) constrainIndexName(constraints, update.Delete.IndexName, `${path}.delete.indexName`);
  });
}

/** Undefined when the request changes no index. */
export function readIndexUpdates(
  { AttributeDefinitions = [], GlobalSecondaryIndexUpdates: updates = [] }: IndexUpdateRequest,
  billingMode: TableDefinition["billingMode"],
): IndexUpdate | undefined {
  checkOneEach(updates);
  const online = updates.filter((update) => (update.Create ?? update.Delete) !== undefined);
  if (online.length > 1) {
    throw new DynamoDbException(
      "LimitExceededException",
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  }
  const [{ Create, Delete } = {} as GlobalIndexUpdate] = online;
  if (Create !== undefined) {
    const index = readGlobalIndex(Create, AttributeDefinitions, billingMode);
    return { kind: "create", index, attributes: [...index.key.partition, ...index.key.sort] };
  }
  if (Delete !== undefined) return { kind: "delete", name: Delete.IndexName };
  const throughputs = updates.flatMap(({ Update }) =>
    Update === undefined ? [] : [{ name: Update.IndexName, throughput: throughputOf(Update.ProvisionedThroughput) }]);
  return throughputs.length === 0 ? undefined : { kind: "change", throughputs };
}

function checkOneEach(updates: readonly GlobalIndexUpdate[]): void {
  const names = new Set<string>();
  for (const update of updates) {
    const named = update?.Update ?? update?.Create ?? update?.Delete;
    if (named === undefined) {
      throw validationException(
        `${invalid}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, ` +
          "GlobalSecondaryIndexUpdate.Delete must not be null",
      );
    }
    if (names.has(named.IndexName)) {
      throw validationException(
        `${invalid}Only one global secondary index update per index is allowed simultaneously. ` +
          `Index: ${named.IndexName}`,
      );
    }
    names.add(named.IndexName);
  }
}
