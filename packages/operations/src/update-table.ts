// UpdateTable: billing mode and capacity, table class, deletion protection, global secondary indexes. Whatever else
// the API lets it change is not built yet and refused by name.
//
// A request changes one concern. Only what belongs to capacity goes together: a billing mode with units or maxima,
// units with those of indexes; and a new index may come with a billing mode. What the change means for the table as
// it is, is the control plane's to say.
import { validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition, Throughput } from "@azimuth/model/table.ts";
import {
  capacityMembers, checkOnDemandInBounds, checkUnitsFitMode, checkUnitsInBounds, checkWarmInBounds,
  constrainBillingMode, constrainProvisioned, onDemandMaximumOf, throughputOf, warmUnitsOf, type CapacitySettings,
} from "./capacity-settings.ts";
import type { AttributeDefinition } from "./index-definitions.ts";
import {
  constrainIndexUpdates, indexUpdateMembers, readIndexUpdates, type GlobalIndexUpdate,
} from "./index-updates.ts";
import type { ParseContext } from "./operation.ts";
import type { ControlPlan, RouterOperation } from "./plan.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { mentionedTable } from "./table-name.ts";
import { checkTableClass, checkTableName, namedTable, tableReply } from "./table-operations.ts";

interface UpdateTableRequest extends CapacitySettings {
  readonly TableName: string;
  readonly TableClass?: TableDefinition["tableClass"];
  readonly DeletionProtectionEnabled?: boolean;
  readonly AttributeDefinitions?: readonly AttributeDefinition[];
  readonly GlobalSecondaryIndexUpdates?: readonly GlobalIndexUpdate[];
}

/** Members that are absent stay as they are (control-plane/src/commands.ts, UpdateTableCommand). */
type Change =
  & { -readonly [member in "billingMode" | "throughput" | "onDemandMaximum" | "tableClass" | "deletionProtection"]?:
    TableDefinition[member] }
  & { warmThroughput?: Partial<Throughput> };

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
  constrainBillingMode(constraints, request.BillingMode);
  constrainProvisioned(constraints, request.ProvisionedThroughput);
  constrainIndexUpdates(constraints, request);
  constraints.throwIfAny();
  refuseWhatIsNotBuilt(input as Readonly<Record<string, unknown>>);
  checkTableClass(request.TableClass);
  checkOneConcern(request);
  const name = namedTable(request.TableName, context);
  const change = changeOf(request, context);
  const billingMode = change.billingMode ?? context.findTable(name)?.billingMode ?? "PAY_PER_REQUEST";
  const indexUpdate = readIndexUpdates(request, billingMode, context.region);
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

function checkOneConcern(request: UpdateTableRequest): void {
  const updates = request.GlobalSecondaryIndexUpdates;
  const hasUpdates = updates !== undefined && updates.length > 0;
  const given = {
    BillingMode: request.BillingMode !== undefined,
    ProvisionedThroughput: request.ProvisionedThroughput !== undefined,
    OnDemandThroughput: request.OnDemandThroughput !== undefined,
    WarmThroughput: request.WarmThroughput !== undefined,
    TableClass: request.TableClass !== undefined,
    DeletionProtection: request.DeletionProtectionEnabled !== undefined,
    indexes: hasUpdates,
  };
  const count = Object.values(given).filter((isGiven) => isGiven).length;
  if (count === 0) {
    throw validationException(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, " +
        "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, " +
        "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required",
    );
  }
  if (updates !== undefined && !hasUpdates) {
    throw validationException(`${invalid}List of GlobalSecondaryIndexUpdates is empty`);
  }
  for (const concern of ["DeletionProtection", "TableClass"] as const) {
    if (!given[concern] || count === 1) continue;
    throw validationException(`${invalid}${concern} modification must be the only operation in the request`);
  }
  const online = updates?.some((update) => (update?.Create ?? update?.Delete) !== undefined) === true;
  if (given.WarmThroughput && count > 1) {
    const creates = updates?.some((update) => update?.Create !== undefined) === true;
    throw validationException(creates
      ? `${invalid}Create global secondary index cannot be specified when updating WarmThroughput`
      : `${invalid}WarmThroughput must be the only operation in the request`);
  }
  if (given.ProvisionedThroughput && online) {
    throw validationException(`${invalid}You cannot create or delete index while updating table IOPS`);
  }
}

function changeOf(request: UpdateTableRequest, { region }: ParseContext): Change {
  const { BillingMode, ProvisionedThroughput, WarmThroughput, TableClass, DeletionProtectionEnabled } = request;
  const change: Change = {};
  if (BillingMode !== undefined) {
    if (BillingMode === "PROVISIONED" && ProvisionedThroughput === undefined) {
      throw validationException(`${invalid}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`);
    }
    checkUnitsFitMode(BillingMode, ProvisionedThroughput);
    change.billingMode = BillingMode;
  }
  checkUnitsInBounds(ProvisionedThroughput, { region });
  if (ProvisionedThroughput !== undefined) change.throughput = throughputOf(ProvisionedThroughput);
  checkOnDemandInBounds(request, { region }, "change");
  checkWarmInBounds(request, { region });
  const [maximum, warm] = [onDemandMaximumOf(request), warmUnitsOf(request)];
  if (maximum !== undefined) change.onDemandMaximum = maximum;
  if (WarmThroughput !== undefined && warm === undefined) {
    throw validationException(
      `${invalid}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified`,
    );
  }
  if (warm !== undefined) change.warmThroughput = warm;
  if (TableClass !== undefined) change.tableClass = TableClass;
  if (DeletionProtectionEnabled !== undefined) change.deletionProtection = DeletionProtectionEnabled;
  return change;
}
