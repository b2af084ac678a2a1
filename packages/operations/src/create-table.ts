// CreateTable: validated in the router into a table definition, to which the control plane gives ids and partitions.
//
// What is not built yet is refused by name: a table that silently lacked a stream would be worse than none.
import { validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { KeySchema, NewIndex, TableDefinition } from "@azimuth/model/table.ts";
import {
  capacityMembers, checkUnitsFitMode, checkUnitsInBounds, constrainBillingMode, constrainProvisioned,
  furtherCapacityAtCreation, throughputOf, type CapacitySettings,
} from "./capacity-settings.ts";
import {
  attributeDefinitionsShape, constrainAttributeDefinitions, constrainIndexes, constrainKeySchema,
  indexMembers, keySchemaShape, readIndexes, type AttributeDefinition, type IndexRequests, type KeySchemaElement,
} from "./index-definitions.ts";
import type { ParseContext } from "./operation.ts";
import type { ControlPlan, RouterOperation } from "./plan.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { mentionedTable } from "./table-name.ts";
import { checkTableClass, checkTableName, tableReply } from "./table-operations.ts";
import { tagsOf, tagsShape, type Tag } from "./tags.ts";

interface CreateTableRequest extends CapacitySettings, IndexRequests {
  readonly TableName: string;
  readonly AttributeDefinitions: readonly AttributeDefinition[];
  readonly KeySchema: readonly KeySchemaElement[];
  readonly StreamSpecification?: { readonly StreamEnabled?: boolean };
  readonly SSESpecification?: { readonly Enabled?: boolean };
  readonly Tags?: readonly Tag[];
  readonly TableClass?: TableDefinition["tableClass"];
  readonly DeletionProtectionEnabled?: boolean;
}

/** What the control plane is asked to make; it adds the rest of the TableDefinition. */
export type NewTable =
  & Omit<TableDefinition, "tableId" | "uuid" | "status" | "createdAt" | "indexes">
  & { readonly newIndexes?: readonly NewIndex[] };

const members: Members = {
  TableName: "String",
  AttributeDefinitions: attributeDefinitionsShape,
  KeySchema: keySchemaShape,
  ...capacityMembers,
  ...indexMembers,
  StreamSpecification: {
    members: { StreamEnabled: "Boolean", StreamViewType: "String" }, of: "StreamSpecification",
  },
  SSESpecification: { members: { Enabled: "Boolean" }, of: "SSESpecification" },
  Tags: tagsShape,
  TableClass: "String",
  DeletionProtectionEnabled: "Boolean",
};

const notBuilt = ["VectorIndexes", "ResourcePolicy", "GlobalTableSourceArn"] as const;

const invalid = "One or more parameter values were invalid: ";

export const createTableOnRouter: RouterOperation = { name: "CreateTable", tableNames: mentionedTable, parse };

function parse(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<CreateTableRequest>(input, members);
  checkConstraints(request);
  const { region } = context;
  const billingMode = request.BillingMode ?? "PROVISIONED";
  checkUnitsFitMode(billingMode, request.ProvisionedThroughput);
  checkUnitsInBounds(request.ProvisionedThroughput, { region });
  const key = keySchemaOf(request);
  refuseWhatIsNotBuilt(input as Record<string, unknown>, request);
  const newIndexes = readIndexes(request, key, billingMode, region);
  const definition: NewTable = {
    name: request.TableName,
    attributes: request.AttributeDefinitions.map(({ AttributeName, AttributeType }) =>
      ({ name: AttributeName, type: AttributeType })),
    key,
    billingMode,
    throughput: throughputOf(request.ProvisionedThroughput),
    ...furtherCapacityAtCreation(billingMode, request, { region }),
    deletionProtection: request.DeletionProtectionEnabled === true,
    tableClass: request.TableClass ?? "STANDARD",
    tags: tagsOf(request.Tags ?? []),
    ...(newIndexes.length === 0 ? {} : { newIndexes }),
  };
  return {
    kind: "control",
    command: { operation: "CreateTable", definition },
    reply: (outcome) => tableReply("TableDescription", outcome, context),
  };
}

function checkConstraints(request: CreateTableRequest): void {
  const constraints = new ConstraintList();
  checkTableName(request.TableName, constraints);
  constraints.throwIfAny();
  if (constraints.required(request.AttributeDefinitions, "attributeDefinitions")) {
    constrainAttributeDefinitions(constraints, request.AttributeDefinitions, "attributeDefinitions");
  }
  constrainBillingMode(constraints, request.BillingMode);
  constrainProvisioned(constraints, request.ProvisionedThroughput);
  constrainKeySchema(constraints, request.KeySchema, "keySchema", 2);
  constrainIndexes(constraints, request);
  constraints.throwIfAny();
  checkTableClass(request.TableClass);
}

function keySchemaOf(request: CreateTableRequest): KeySchema {
  const defined = request.AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  const keys = request.KeySchema.map(({ AttributeName }) => AttributeName);
  const repeated = defined.find((name, position) => defined.indexOf(name) < position);
  if (repeated !== undefined) {
    throw validationException(`Attribute Name is duplicated: ${repeated}`);
  }
  if (keys.length > defined.length) {
    throw validationException("Invalid KeySchema: Some index key attribute have no definition");
  }
  if (keys.some((name) => !defined.includes(name))) {
    throw validationException(
      `${invalid}Some index key attributes are not defined in AttributeDefinitions. ` +
        `Keys: [${keys.join(", ")}], AttributeDefinitions: [${defined.join(", ")}]`,
    );
  }
  const [hash, range] = request.KeySchema;
  if (hash!.KeyType !== "HASH") {
    throw validationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  }
  if (range !== undefined && range.KeyType !== "RANGE") {
    throw validationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
  if (keys[0] === keys[1]) {
    throw validationException(
      "Invalid KeySchema: Both the Hash Key and the Range Key element in the KeySchema have the same name",
    );
  }
  const attributeOf = (name: string) => {
    const { AttributeType } = request.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)!;
    return { name, type: AttributeType };
  };
  return { partition: attributeOf(hash!.AttributeName), sort: range && attributeOf(range.AttributeName) };
}

function refuseWhatIsNotBuilt(input: Readonly<Record<string, unknown>>, request: CreateTableRequest): void {
  const refused: string[] = notBuilt.filter((member) => input[member] !== undefined && input[member] !== null);
  if (request.StreamSpecification?.StreamEnabled === true) refused.push("StreamSpecification");
  if (request.SSESpecification?.Enabled === true) refused.push("SSESpecification");
  if (refused.length > 0) {
    throw validationException(`${invalid}${refused.join(", ")}: not supported by this version of Azimuth`);
  }
  const hasIndexes = (request.LocalSecondaryIndexes ?? request.GlobalSecondaryIndexes) !== undefined;
  if (hasIndexes || request.KeySchema.length === request.AttributeDefinitions.length) return;
  throw validationException(
    `${invalid}Number of attributes in KeySchema does not exactly match ` +
      "number of attributes defined in AttributeDefinitions",
  );
}
