// UpdateTable: billing mode and throughput, table class, deletion protection, global secondary indexes. Whatever else
// the API lets it change is not built yet and refused by name.
import { validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import {
  capacityMembers, checkCapacitySettings, constrainCapacitySettings, furtherCapacityOf, throughputOf,
  type CapacitySettings,
} from "./capacity-settings.ts";
import type { AttributeDefinition } from "./index-definitions.ts";
import {
  constrainIndexUpdates, indexUpdateMembers, readIndexUpdates, type GlobalIndexUpdate,
} from "./index-updates.ts";
import type { ParseContext } from "./operation.ts";
import type { ControlPlan, RouterOperation } from "./plan.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { mentionedTable } from "./table-name.ts";
import { checkTableName, namedTable, tableReply } from "./table-operations.ts";

interface UpdateTableRequest extends CapacitySettings {
  readonly TableName: string;
  readonly TableClass?: TableDefinition["tableClass"];
  readonly DeletionProtectionEnabled?: boolean;
  readonly AttributeDefinitions?: readonly AttributeDefinition[];
  readonly GlobalSecondaryIndexUpdates?: readonly GlobalIndexUpdate[];
}

type Change = { -readonly [member in keyof TableDefinition]?: TableDefinition[member] };

const members: Members = {
  TableName: "String",
  ...capacityMembers,
  TableClass: "String",
  DeletionProtectionEnabled: "Boolean",
  ...indexUpdateMembers,
};

const notBuilt = ["StreamSpecification", "SSESpecification", "ReplicaUpdates",
  "MultiRegionConsistency"] as const;

const invalid = "One or more parameter values were invalid: ";

export const updateTableOnRouter: RouterOperation = { name: "UpdateTable", tableNames: mentionedTable, parse };

function parse(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<UpdateTableRequest>(input, members);
  const constraints = new ConstraintList();
  checkTableName(request.TableName, constraints);
  constrainCapacitySettings(constraints, request);
  constraints.oneOf(request.TableClass, "tableClass", ["STANDARD", "STANDARD_INFREQUENT_ACCESS"]);
  constrainIndexUpdates(constraints, request);
  constraints.throwIfAny();
  refuseWhatIsNotBuilt(input as Readonly<Record<string, unknown>>);
  const name = namedTable(request.TableName, context);
  const table = context.findTable(name);
  const change = changeOf(request, table);
  const indexUpdate = readIndexUpdates(request, change.billingMode ?? table?.billingMode ?? "PAY_PER_REQUEST");
  if (indexUpdate === undefined && Object.keys(change).length === 0) {
    throw validationException(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or " +
        "SSESpecification or ReplicaUpdates is required",
    );
  }
  return {
    kind: "control",
    command: { operation: "UpdateTable", name, change, ...(indexUpdate === undefined ? {} : { indexUpdate }) },
    reply: (outcome) => tableReply("TableDescription", outcome, context),
  };
}

function refuseWhatIsNotBuilt(input: Readonly<Record<string, unknown>>): void {
  const refused = notBuilt.filter((member) => input[member] !== undefined && input[member] !== null);
  if (refused.length === 0) return;
  throw validationException(`${invalid}${refused.join(", ")}: not supported by this version of Azimuth`);
}

function changeOf(request: UpdateTableRequest, table: TableDefinition | undefined): Change {
  const { BillingMode, ProvisionedThroughput, TableClass, DeletionProtectionEnabled } = request;
  const change: Change = {};
  if (BillingMode !== undefined || ProvisionedThroughput !== undefined) {
    const mode = BillingMode ?? table?.billingMode ?? "PROVISIONED";
    checkCapacitySettings(mode, ProvisionedThroughput);
    change.billingMode = mode;
    change.throughput = throughputOf(ProvisionedThroughput);
  }
  Object.assign(change, furtherCapacityOf(BillingMode ?? table?.billingMode ?? "PAY_PER_REQUEST", request));
  if (TableClass !== undefined) change.tableClass = TableClass;
  if (DeletionProtectionEnabled !== undefined) change.deletionProtection = DeletionProtectionEnabled;
  return change;
}
