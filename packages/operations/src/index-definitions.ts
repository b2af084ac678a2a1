// Secondary indexes as CreateTable and UpdateTable define them: the members of the requests, their constraints, and
// the rules that DynamoDB checks afterwards, in its order.
import { validationException } from "@azimuth/model/exceptions.ts";
import type { KeyType } from "@azimuth/model/attribute-value.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type {
  IndexKeySchema, KeyAttribute, KeySchema, NewIndex, Projection, TableDefinition,
} from "@azimuth/model/table.ts";
import {
  checkUnitsInBounds, constrainProvisioned, furtherCapacityAtCreation, indexCapacityMembers, throughputOf,
  type CapacityOfOne,
} from "./capacity-settings.ts";
import {
  globalIndexesMax, indexKeyAttributesMax, localIndexesMax, nonKeyAttributesMax, projectedAttributesMax,
  tableNameLengthMax, tableNameLengthMin,
} from "./limits.ts";
import type { Members, Shape } from "./request-shape.ts";
import { namePattern } from "./table-name.ts";

export interface AttributeDefinition {
  readonly AttributeName: string;
  readonly AttributeType: KeyType;
}

export interface KeySchemaElement {
  readonly AttributeName: string;
  readonly KeyType: "HASH" | "RANGE";
}

export interface IndexRequest extends CapacityOfOne {
  readonly IndexName: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly Projection: { readonly ProjectionType?: Projection["kind"]; readonly NonKeyAttributes?: readonly string[] };
}

export interface IndexRequests {
  readonly LocalSecondaryIndexes?: readonly IndexRequest[];
  readonly GlobalSecondaryIndexes?: readonly IndexRequest[];
}

export const keySchemaShape: Shape = {
  list: { members: { AttributeName: "String", KeyType: "String" }, of: "KeySchemaElement", element: true },
};
export const attributeDefinitionsShape: Shape = {
  list: { members: { AttributeName: "String", AttributeType: "String" }, of: "AttributeDefinition", element: true },
};

export const localIndexMembers: Members = {
  IndexName: "String",
  KeySchema: keySchemaShape,
  Projection: { members: { ProjectionType: "String", NonKeyAttributes: { list: "String" } }, of: "Projection" },
};
export const globalIndexMembers: Members = {
  ...localIndexMembers, ...indexCapacityMembers,
};

export const indexMembers: Members = {
  LocalSecondaryIndexes: { list: { members: localIndexMembers, of: "LocalSecondaryIndex", element: true } },
  GlobalSecondaryIndexes: { list: { members: globalIndexMembers, of: "GlobalSecondaryIndex", element: true } },
};

const invalid = "One or more parameter values were invalid: ";

export function constrainAttributeDefinitions(
  constraints: ConstraintList,
  definitions: readonly AttributeDefinition[],
  path: string,
): void {
  definitions.forEach((attribute, position) => {
    const element = `${path}.${position + 1}.member`;
    constrainKeyName(constraints, attribute?.AttributeName, `${element}.attributeName`);
    if (constraints.required(attribute?.AttributeType, `${element}.attributeType`)) {
      constraints.oneOf(attribute.AttributeType, `${element}.attributeType`, ["B", "N", "S"]);
    }
  });
}

export function constrainKeySchema(
  constraints: ConstraintList,
  schema: readonly KeySchemaElement[] | undefined,
  path: string,
  elementsMax: number,
): void {
  if (!constraints.required(schema, path)) return;
  if (schema!.length > elementsMax) {
    const shown = schema!.map((element) =>
      `KeySchemaElement(attributeName=${element?.AttributeName}, keyType=${element?.KeyType})`);
    const rule = `Member must have length less than or equal to ${elementsMax}`;
    constraints.failShown(`'[${shown.join(", ")}]'`, path, rule);
  }
  constraints.length(schema, path, 1);
  schema!.forEach((element, position) => {
    const at = `${path}.${position + 1}.member`;
    constrainKeyName(constraints, element?.AttributeName, `${at}.attributeName`);
    if (constraints.required(element?.KeyType, `${at}.keyType`)) {
      constraints.oneOf(element.KeyType, `${at}.keyType`, ["HASH", "RANGE"]);
    }
  });
}

function constrainKeyName(constraints: ConstraintList, name: string | undefined, path: string): void {
  if (constraints.required(name, path)) constraints.length(name, path, 1, 255);
}

export function constrainIndexes(constraints: ConstraintList, request: IndexRequests): void {
  request.LocalSecondaryIndexes?.forEach((index, position) =>
    constrainIndex(constraints, index, `localSecondaryIndexes.${position + 1}.member`, 2));
  request.GlobalSecondaryIndexes?.forEach((index, position) =>
    constrainIndex(constraints, index, `globalSecondaryIndexes.${position + 1}.member`, 2 * indexKeyAttributesMax));
}

export function constrainIndexName(constraints: ConstraintList, name: string | undefined, path: string): void {
  if (!constraints.required(name, path)) return;
  constraints.pattern(name, path, namePattern);
  constraints.length(name, path, tableNameLengthMin, tableNameLengthMax);
}

export function constrainIndex(
  constraints: ConstraintList,
  index: IndexRequest,
  path: string,
  elementsMax: number,
): void {
  constrainIndexName(constraints, index?.IndexName, `${path}.indexName`);
  constrainKeySchema(constraints, index?.KeySchema, `${path}.keySchema`, elementsMax);
  if (constraints.required(index?.Projection, `${path}.projection`)) {
    const { ProjectionType, NonKeyAttributes } = index.Projection;
    constraints.oneOf(ProjectionType, `${path}.projection.projectionType`, ["ALL", "INCLUDE", "KEYS_ONLY"]);
    constraints.length(NonKeyAttributes, `${path}.projection.nonKeyAttributes`, 1, nonKeyAttributesMax);
  }
  constrainProvisioned(constraints, index?.ProvisionedThroughput, `${path}.`);
}

/**
 * The indexes of a new table; every rule of DynamoDB's that needs more than one member. First the keys of them all,
 * then whether every defined attribute is used, then the rest of each.
 */
export function readIndexes(
  request: IndexRequests & { readonly AttributeDefinitions: readonly AttributeDefinition[] },
  key: KeySchema,
  billingMode: TableDefinition["billingMode"],
  region: string,
): readonly NewIndex[] {
  const { LocalSecondaryIndexes: local, GlobalSecondaryIndexes: global, AttributeDefinitions } = request;
  const localKeys = readLocalKeys(local, AttributeDefinitions, key);
  if (global?.length === 0) throw validationException(`${invalid}List of GlobalSecondaryIndexes is empty`);
  const globalKeys = (global ?? []).map((index) => readKeySchema(index.KeySchema, AttributeDefinitions));
  checkAllUsed(AttributeDefinitions, key, [...localKeys, ...globalKeys]);
  const names = new Set<string>();
  const indexes = (local ?? []).map((index, place) => readLocalIndex(index, localKeys[place]!, names));
  if (indexes.length > localIndexesMax) {
    throw validationException(
      `${invalid}Number of LocalSecondaryIndexes exceeds per-table limit of ${localIndexesMax}`,
    );
  }
  for (const index of global ?? []) {
    checkUnitsOfIndex(index, billingMode);
    indexes.push(readGlobalIndex(index, AttributeDefinitions, billingMode, region));
    refuseSameName(index.IndexName, names);
  }
  if (globalKeys.length > globalIndexesMax) {
    throw validationException(
      `${invalid}GlobalSecondaryIndex count exceeds the per-table limit of ${globalIndexesMax}`,
    );
  }
  checkProjectedCount(indexes);
  return indexes;
}

function readLocalKeys(
  local: readonly IndexRequest[] | undefined,
  definitions: readonly AttributeDefinition[],
  key: KeySchema,
): readonly IndexKeySchema[] {
  if (local === undefined) return [];
  if (local.length === 0) throw validationException(`${invalid}List of LocalSecondaryIndexes is empty`);
  if (key.sort === undefined) {
    throw validationException(
      `${invalid}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    );
  }
  return local.map((index) => readLocalKey(index, definitions, key));
}

function readLocalKey(
  index: IndexRequest,
  definitions: readonly AttributeDefinition[],
  key: KeySchema,
): IndexKeySchema {
  const { partition, sort } = readKeySchema(index.KeySchema, definitions);
  if (sort.length === 0) {
    throw validationException(`${invalid}Index KeySchema does not have a range key for index: ${index.IndexName}`);
  }
  if (partition[0]!.name !== key.partition.name) {
    throw validationException(
      `${invalid}Index KeySchema does not have the same leading hash key as table KeySchema for index: ` +
        `${index.IndexName}. index hash key: ${partition[0]!.name}, table hash key: ${key.partition.name}`,
    );
  }
  return { partition, sort };
}

function readLocalIndex(index: IndexRequest, key: IndexKeySchema, names: Set<string>): NewIndex {
  const projection = readProjection(index);
  refuseSameName(index.IndexName, names);
  return { name: index.IndexName, kind: "local", key, projection, throughput: { readUnits: 0, writeUnits: 0 } };
}

export function readGlobalIndex(
  index: IndexRequest,
  definitions: readonly AttributeDefinition[],
  billingMode: TableDefinition["billingMode"],
  region: string,
): NewIndex {
  const key = readKeySchema(index.KeySchema, definitions);
  const projection = readProjection(index);
  const { IndexName: name, ProvisionedThroughput } = index;
  const owner = { index: name, region };
  checkUnitsInBounds(ProvisionedThroughput, owner);
  const further = furtherCapacityAtCreation(billingMode, index, owner);
  return { name, kind: "global", key, projection, throughput: throughputOf(ProvisionedThroughput), ...further };
}

/** In the words of CreateTable; UpdateTable's are the control plane's, which knows the table's mode. */
function checkUnitsOfIndex(
  { IndexName: name, ProvisionedThroughput }: IndexRequest,
  billingMode: TableDefinition["billingMode"],
): void {
  if (billingMode === "PAY_PER_REQUEST" && ProvisionedThroughput !== undefined) {
    throw validationException(
      `${invalid}ProvisionedThroughput should not be specified for index: ${name} ` +
        "when BillingMode is PAY_PER_REQUEST",
    );
  }
  if (billingMode === "PROVISIONED" && ProvisionedThroughput === undefined) {
    throw validationException(`${invalid}ProvisionedThroughput is not specified for index: ${name}`);
  }
}

/** HASH elements and then RANGE elements, each defined, none twice. A local index has one of each at most. */
function readKeySchema(
  schema: readonly KeySchemaElement[],
  definitions: readonly AttributeDefinition[],
): IndexKeySchema {
  const keys = schema.map(({ AttributeName }) => AttributeName);
  checkDefined(keys, definitions);
  if (schema.length === 2 && keys[0] === keys[1]) {
    throw validationException(
      "Invalid KeySchema: Both the Hash Key and the Range Key element in the KeySchema have the same name",
    );
  }
  if (schema[0]!.KeyType !== "HASH") {
    throw validationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  const firstRange = schema.findIndex(({ KeyType }) => KeyType === "RANGE");
  const hashes = firstRange < 0 ? schema : schema.slice(0, firstRange);
  const ranges = firstRange < 0 ? [] : schema.slice(firstRange);
  if (ranges.some(({ KeyType }) => KeyType !== "RANGE")) {
    throw validationException(`${invalid}All HASH key attributes must precede RANGE key attributes in the KeySchema`);
  }
  for (const [kind, elements] of [["HASH", hashes], ["RANGE", ranges]] as const) {
    if (elements.length <= indexKeyAttributesMax) continue;
    throw validationException(
      `${invalid}The KeySchema exceeds the maximum allowed number of ${kind} key attributes`,
    );
  }
  if (new Set(keys).size < keys.length) {
    throw validationException("Invalid KeySchema: The KeySchema contains multiple key attributes with the same name");
  }
  const attributeOf = ({ AttributeName: name }: KeySchemaElement): KeyAttribute =>
    ({ name, type: definitions.find((definition) => definition.AttributeName === name)!.AttributeType });
  return { partition: hashes.map(attributeOf), sort: ranges.map(attributeOf) };
}

function checkDefined(keys: readonly string[], definitions: readonly AttributeDefinition[]): void {
  const defined = definitions.map(({ AttributeName }) => AttributeName);
  if (keys.every((name) => defined.includes(name))) return;
  throw validationException(
    `${invalid}Some index key attributes are not defined in AttributeDefinitions. ` +
      `Keys: [${keys.join(", ")}], AttributeDefinitions: [${defined.join(", ")}]`,
  );
}

function readProjection({ Projection: { ProjectionType: kind, NonKeyAttributes } }: IndexRequest): Projection {
  if (kind === undefined) throw validationException(`${invalid}Unknown ProjectionType: null`);
  if (kind === "INCLUDE") {
    if (NonKeyAttributes !== undefined) return { kind, attributes: withoutDuplicates(NonKeyAttributes) };
    throw validationException(`${invalid}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`);
  }
  if (NonKeyAttributes === undefined) return { kind };
  throw validationException(`${invalid}ProjectionType is ${kind}, but NonKeyAttributes is specified`);
}

function withoutDuplicates(names: readonly string[]): readonly string[] {
  const repeated = names.find((name, position) => names.indexOf(name) < position);
  if (repeated === undefined) return names.toSorted();
  throw validationException(`${invalid}Duplicate element in NonKeyAttributes: ${repeated}`);
}

function refuseSameName(name: string, names: Set<string>): void {
  if (names.has(name)) throw validationException(`${invalid}Duplicate index name: ${name}`);
  names.add(name);
}

function checkProjectedCount(indexes: readonly NewIndex[]): void {
  const count = indexes.reduce((sum, { projection }) =>
    sum + (projection.kind === "INCLUDE" ? projection.attributes.length : 0), 0);
  if (count <= projectedAttributesMax) return;
  throw validationException(
    `${invalid}Number of attributes in all Projections exceeds the limit of ${projectedAttributesMax}`,
  );
}

/** Every defined attribute has to be in some key. */
function checkAllUsed(
  definitions: readonly AttributeDefinition[],
  { partition, sort }: KeySchema,
  indexKeys: readonly IndexKeySchema[],
): void {
  const ofTable = sort === undefined ? [partition] : [partition, sort];
  const ofIndexes = indexKeys.flatMap((key) => [...key.partition, ...key.sort]);
  const used = [...new Set([...ofTable, ...ofIndexes].map(({ name }) => name))];
  if (definitions.every(({ AttributeName }) => used.includes(AttributeName))) return;
  const defined = definitions.map(({ AttributeName }) => AttributeName);
  throw validationException(
    `${invalid}Some AttributeDefinitions are not used. ` +
      `AttributeDefinitions: [${defined.join(", ")}], keys used: [${used.join(", ")}]`,
  );
}
