// GlobalSecondaryIndexUpdates of UpdateTable: one index created or deleted at a time, or other capacity for some.
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { KeyAttribute, NewIndex, OnDemandMaximum, TableDefinition, Throughput } from "@azimuth/model/table.ts";
import {
  checkOnDemandInBounds, checkUnitsInBounds, checkWarmInBounds, constrainProvisioned, indexCapacityMembers,
  onDemandMaximumOf, throughputOf, warmUnitsOf, type CapacityOfOne,
} from "./capacity-settings.ts";
import {
  attributeDefinitionsShape, constrainAttributeDefinitions, constrainIndex, constrainIndexName, globalIndexMembers,
  readGlobalIndex, type AttributeDefinition, type IndexRequest,
} from "./index-definitions.ts";
import { indexKeyAttributesMax } from "./limits.ts";
import type { Members } from "./request-shape.ts";

export interface GlobalIndexUpdate {
  readonly Create?: IndexRequest;
  readonly Update?: IndexCapacityRequest;
  readonly Delete?: { readonly IndexName: string };
}

interface IndexCapacityRequest extends CapacityOfOne {
  readonly IndexName: string;
}

export interface IndexUpdateRequest {
  readonly AttributeDefinitions?: readonly AttributeDefinition[];
  readonly GlobalSecondaryIndexUpdates?: readonly GlobalIndexUpdate[];
}

/** What the control plane is asked for (control-plane/src/commands.ts, IndexUpdate). */
export type IndexUpdate =
  | { readonly kind: "create"; readonly index: NewIndex; readonly attributes: readonly KeyAttribute[] }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "change"; readonly changes: readonly IndexCapacityChange[] };

/** Members that are absent stay as they are, here and within each member. */
export interface IndexCapacityChange {
  readonly name: string;
  readonly throughput?: Throughput;
  readonly onDemandMaximum?: OnDemandMaximum;
  readonly warmThroughput?: Partial<Throughput>;
}

export const indexUpdateMembers: Members = {
  AttributeDefinitions: attributeDefinitionsShape,
  GlobalSecondaryIndexUpdates: {
    list: {
      members: {
        Create: { members: globalIndexMembers, of: "CreateGlobalSecondaryIndexAction" },
        Update: {
          members: { IndexName: "String", ...indexCapacityMembers }, of: "UpdateGlobalSecondaryIndexAction",
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
    if (update?.Update) {
      constrainIndexName(constraints, update.Update.IndexName, `${path}.update.indexName`);
      constrainProvisioned(constraints, update.Update.ProvisionedThroughput, `${path}.update.`);
    }
    if (update?.Delete) constrainIndexName(constraints, update.Delete.IndexName, `${path}.delete.indexName`);
  });
}

/** Undefined when the request changes no index. */
export function readIndexUpdates(
  { AttributeDefinitions = [], GlobalSecondaryIndexUpdates: updates = [] }: IndexUpdateRequest,
  billingMode: TableDefinition["billingMode"],
  region: string,
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
    if (AttributeDefinitions.length === 0) {
      throw validationException(`${invalid}AttributeDefinitions is not specified for index: ${Create.IndexName}`);
    }
    const index = readGlobalIndex(Create, AttributeDefinitions, billingMode, region);
    return { kind: "create", index, attributes: [...index.key.partition, ...index.key.sort] };
  }
  if (Delete !== undefined) return { kind: "delete", name: Delete.IndexName };
  const changes = updates.flatMap(({ Update }) => (Update === undefined ? [] : [capacityChangeOf(Update, region)]));
  return changes.length === 0 ? undefined : { kind: "change", changes };
}

function capacityChangeOf(update: IndexCapacityRequest, region: string): IndexCapacityChange {
  const { IndexName: name, ProvisionedThroughput, WarmThroughput } = update;
  const owner = { index: name, region };
  checkUnitsInBounds(ProvisionedThroughput, owner);
  checkOnDemandInBounds(update, owner, "change");
  const [maximum, warm] = [onDemandMaximumOf(update), warmUnitsOf(update)];
  if (WarmThroughput !== undefined && warm === undefined) {
    throw validationException(
      `${invalid}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond ` +
        `specified for index: ${name}`,
    );
  }
  checkWarmInBounds(update, owner);
  return {
    name,
    ...(ProvisionedThroughput === undefined ? {} : { throughput: throughputOf(ProvisionedThroughput) }),
    ...(maximum === undefined ? {} : { onDemandMaximum: maximum }),
    ...(warm === undefined ? {} : { warmThroughput: warm }),
  };
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
    if ([update.Update, update.Create, update.Delete].filter((action) => action !== undefined).length > 1) {
      throw validationException(
        `${invalid}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object`,
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
