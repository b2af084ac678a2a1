// ExecuteStatement: one PartiQL statement. A read answers with a page of items, a write with the item that its
// RETURNING asks for, or none.
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { capacityJson } from "./capacity.ts";
import type { ParseContext } from "./operation.ts";
import { planSelect, type SelectRequest } from "./partiql-select.ts";
import { bindOwnStatement, constrainStatement, mentionedInStatement } from "./partiql-statements.ts";
import { planWrite, type WriteOptions } from "./partiql-writes.ts";
import type { Plan, RouterOperation } from "./plan.ts";
import { objectText } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainCapacityMode, type WriteOutcome } from "./write-request.ts";

interface ExecuteStatementRequest extends SelectRequest, WriteOptions {}

const nextTokenLengthMax = 32_768;

const members: Members = {
  Statement: "String",
  Parameters: { list: "AttributeValue" },
  ConsistentRead: "Boolean",
  NextToken: "String",
  ReturnConsumedCapacity: "String",
  Limit: "Integer",
  ReturnValuesOnConditionCheckFailure: "String",
};

export const executeStatementOnRouter: RouterOperation = {
  name: "ExecuteStatement",
  tableNames: (input) => mentionedInStatement((input as { Statement?: unknown } | null | undefined)?.Statement),
  parse,
};

function parse(input: unknown, context: ParseContext): Plan {
  const request = readRequest<ExecuteStatementRequest>(input, members);
  checkConstraints(request);
  const bound = bindOwnStatement(request);
  const { statement } = bound;
  switch (statement.kind) {
    case "select":
      return planSelect(statement, bound, request, context);
    default: {
      const { ReturnValuesOnConditionCheckFailure: choice } = request;
      const options = choice === undefined ? {} : { ReturnValuesOnConditionCheckFailure: choice };
      const write = planWrite(statement, bound, options, context);
      return {
        kind: "write",
        command: write.command,
        reply: (outcome) => {
          const item = write.itemOf(outcome);
          const { units } = outcome as WriteOutcome;
          return objectText({
            Items: `[${item ?? ""}]`,
            ConsumedCapacity: capacityJson(write.table, request.ReturnConsumedCapacity, units),
          });
        },
      };
    }
  }
}

function checkConstraints(request: ExecuteStatementRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constrainStatement(constraints, request, "");
  constraints.length(request.NextToken, "nextToken", 1, nextTokenLengthMax);
  constraints.range(request.Limit, "limit", 1);
  constraints.oneOf(
    request.ReturnValuesOnConditionCheckFailure, "returnValuesOnConditionCheckFailure", ["ALL_OLD", "NONE"],
  );
  constraints.throwIfAny();
}
