// DescribeLimits and DescribeEndpoints: what a client may ask of the service itself. The router knows the answers:
// the plans are batches of no parts.
import { accountUnitsMax, tableUnitsMax } from "./limits.ts";
import type { ParseContext } from "./operation.ts";
import type { BatchPlan, RouterOperation } from "./plan.ts";
import { readRequest } from "./request-shape.ts";

/** How long a client may keep the answer of DescribeEndpoints, as the service says. */
const cachePeriodInMinutes = 1440;

export const describeLimitsOnRouter: RouterOperation = {
  name: "DescribeLimits",
  tableNames: () => [],
  parse: (input) => answer(input, {
    AccountMaxReadCapacityUnits: accountUnitsMax,
    AccountMaxWriteCapacityUnits: accountUnitsMax,
    TableMaxReadCapacityUnits: tableUnitsMax,
    TableMaxWriteCapacityUnits: tableUnitsMax,
  }),
};

/** The endpoint is the one that the client found: whatever it calls this router. */
export const describeEndpointsOnRouter: RouterOperation = {
  name: "DescribeEndpoints",
  tableNames: () => [],
  parse: (input, context) => answer(input, {
    Endpoints: [{ Address: addressOf(context), CachePeriodInMinutes: cachePeriodInMinutes }],
  }),
};

function addressOf({ host, region }: ParseContext): string {
  return host ?? `dynamodb.${region}.amazonaws.com`;
}

function answer(input: unknown, response: object): BatchPlan {
  readRequest(input, {});
  return { kind: "batch", parts: [], reply: () => JSON.stringify(response) };
}
