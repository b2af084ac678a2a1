// UpdateTimeToLive and DescribeTimeToLive: which attribute says when an item expires. The change holds at once. The
// service refuses a second one within half an hour, which would only hamper here: a cluster does so when it is asked
// to (--ttl-update-interval-ms of its nodes, control-plane/src/decide-table.ts).
import { validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { Outcome, ParseContext } from "./operation.ts";
import type { ControlPlan, RouterOperation } from "./plan.ts";
import { throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { mentionedTable } from "./table-name.ts";
import { checkTableName, namedTable, type TableOutcome } from "./table-operations.ts";

interface UpdateTimeToLiveRequest {
  readonly TableName: string;
  readonly TimeToLiveSpecification: { readonly AttributeName: string; readonly Enabled: boolean };
}

const members: Members = {
  TableName: "String",
  TimeToLiveSpecification: { members: { AttributeName: "String", Enabled: "Boolean" }, of: "TimeToLiveSpecification" },
};

export const updateTimeToLiveOnRouter: RouterOperation = {
  name: "UpdateTimeToLive", tableNames: mentionedTable, parse: parseUpdate,
};
export const describeTimeToLiveOnRouter: RouterOperation = {
  name: "DescribeTimeToLive", tableNames: mentionedTable, parse: parseDescribe,
};

function parseUpdate(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<UpdateTimeToLiveRequest>(input, members);
  const constraints = new ConstraintList();
  checkTableName(request.TableName, constraints);
  const { TimeToLiveSpecification: specification } = request;
  if (constraints.required(specification, "timeToLiveSpecification")) {
    const path = "timeToLiveSpecification.attributeName";
    if (constraints.required(specification.AttributeName, path)) {
      constraints.length(specification.AttributeName, path, 1, 255);
    }
    constraints.required(specification.Enabled, "timeToLiveSpecification.enabled");
  }
  constraints.throwIfAny();
  const { AttributeName: attribute, Enabled: enabled } = specification;
  return {
    kind: "control",
    command: { operation: "UpdateTimeToLive", name: namedTable(request.TableName, context), attribute, enabled },
    reply(outcome) {
      throwIfRefused(outcome);
      return JSON.stringify({ TimeToLiveSpecification: { Enabled: enabled, AttributeName: attribute } });
    },
  };
}

function parseDescribe(input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<{ readonly TableName: string }>(input, { TableName: "String" });
  const constraints = new ConstraintList();
  checkTableName(request.TableName, constraints);
  constraints.throwIfAny();
  return {
    kind: "control",
    command: { operation: "DescribeTable", name: namedTable(request.TableName, context) },
    reply: describe,
  };
}

function describe(outcome: Outcome): string {
  throwIfRefused(outcome);
  const { timeToLive, status } = (outcome as TableOutcome).table;
  if (status === "CREATING" || status === "DELETING") {
    throw validationException(
      `Cannot describe time to live while table is in ${status} state: Current table state is ${status}`,
    );
  }
  const description = typeof timeToLive === "string"
    ? { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive }
    : { TimeToLiveStatus: "DISABLED" };
  return JSON.stringify({ TimeToLiveDescription: description });
}
