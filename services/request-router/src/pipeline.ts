// The path of one request through the router, forward only:
//
//   authenticate (SigV4) → find the operation → parse (validate, expressions, keys) → locate and dispatch →
// reply
//
// Every way out is a response: the operation's JSON, or a DynamoDbException as DynamoDB words it.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { ControlCommand } from "@azimuth/control-plane/commands.ts";
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import type {
  AnsweringReplica,
  DispatchContext,
  Dispatcher,
  DispatchResult,
} from "@azimuth/control-plane/dispatch.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { Outcome, ParseContext } from "@azimuth/operations/operation.ts";
import type { BatchPlan, ControlPlan, PartResult, Plan, RangeReadPlan } from "@azimuth/operations/plan.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { errorAnswer, nameReplicas, parseDocument, type HttpAnswer } from "./http-answer.ts";
import type { HttpRequest } from "./http-server.ts";
import { requestIdentity } from "./request-token.ts";
import { failureOf, internalServerError, outcomeOf, promised } from "./outcomes.ts";
import type { RouterMetrics } from "./router-metrics.ts";
import type { TableCatalog } from "./table-catalog.ts";
import { executeTransactGet, executeTransactWrite } from "./transactions.ts";

/** What the pipeline needs of an HTTP request (http-server.ts), its URL taken apart. */
export interface RouterRequest extends Pick<HttpRequest, "target" | "method" | "headers" | "body"> {
  readonly id: string;
  readonly path: string;
  /** What follows the question mark; empty when there is none. */
  readonly query: string;
}

export function routerRequest({
  requestId: id,
  url,
  target,
  method,
  headers,
  body,
}: HttpRequest): RouterRequest {
  const mark = url.indexOf("?");
  const [path, query] = mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
  return { id, target, method, path, query, headers, body };
}

/** Who sends the request; throws the DynamoDbException that refuses it. */
export type Authenticate = (request: RouterRequest) => { readonly accessKeyId: string };

export interface PipelineDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: RouterMetrics;
  readonly authenticate: Authenticate;
  readonly catalog: TableCatalog;
  readonly dispatcher: Dispatcher;
  readonly controlClient: ControlClient;
  readonly parseContext: Omit<ParseContext, "findTable">;
  /** Longest time a request may take before it is answered with a retryable error. */
  readonly deadlineMs: number;
}

/** More attempts than one plan makes; two plans make fewer than one attempt of a client stands for. */
const attemptsPerPlan = 500;

/** Table operations that may be sent again when nobody answered. */
const repeatableControl = new Set(["DescribeTable", "ListTables"]);

export function createPipeline(doors: PipelineDoors): (request: RouterRequest) => Promise<HttpAnswer> {
  return async (request) => {
    const started = doors.clock.now();
    const operationName = request.target.operation;
    const answeredBy: AnsweringReplica[] = [];
    try {
      const { accessKeyId } = doors.authenticate(request);
      const deadline = started + doors.deadlineMs;
      const body = await carryOut(doors, request, operationName, accessKeyId, deadline, answeredBy);
      doors.metrics.succeeded(operationName, doors.clock.now() - started);
      if (doors.log.isDebugging)
        doors.log.debug("answered", { requestId: request.id, operation: operationName });
      return { status: 200, body, replicas: nameReplicas(answeredBy) };
    } catch (error) {
      if (!(error instanceof DynamoDbException)) throw error;
      doors.metrics.failed(operationName, error);
      const fields = { requestId: request.id, operation: operationName, error: error.type };
      if (error.status >= 500) doors.log.warn("request failed", fields);
      else if (doors.log.isDebugging) doors.log.debug("refused", fields);
      return { ...errorAnswer(error), replicas: nameReplicas(answeredBy) };
    }
  };
}

async function carryOut(
  doors: PipelineDoors,
  request: RouterRequest,
  operationName: string,
  accessKeyId: string,
  deadline: number,
  answeredBy: AnsweringReplica[],
): Promise<string> {
  const operation = routerOperations.get(operationName);
  if (operation === undefined || request.target.api !== "DynamoDB") {
    throw new DynamoDbException("UnknownOperationException", "");
  }
  const parsed = parseDocument(request.body);
  if (parsed === undefined) throw new DynamoDbException("SerializationException", "");
  const input = parsed.document;
  const identity = requestIdentity(request.headers, accessKeyId, operationName, request.body, doors.random);
  /** The tables that the plan was made for, by the names it was given. */
  const planned = new Map<string, number>();
  const findTable = (name: string): TableDefinition | undefined => {
    const table = doors.catalog.find(name);
    if (table !== undefined) planned.set(name, table.tableId);
    return table;
  };
  // The map here may be of a table that is being deleted or was; there may be another one under its name.
  const isMapOld = (): boolean =>
    [...planned].some(([name, id]) => {
      const table = doors.catalog.find(name);
      return table?.tableId !== id || table.status === "DELETING";
    });
  const attempt = async (firstAttempt: number, mayPlanAgain: () => boolean): Promise<string> => {
    await doors.catalog.prepare(operation.tableNames(input), request.id, indexNameOf(input));
    const context = { ...doors.parseContext, host: request.headers["host"], findTable };
    const plan = parseBounded(() => operation.parse(input, context));
    return execute(doors, plan, {
      trace: request.id,
      deadline,
      requestToken: identity.token,
      firstAttempt,
      answeredBy,
      mayPlanAgain,
    });
  };
  try {
    return await attempt(identity.attempt, isMapOld);
  } catch (error) {
    if (!isMapOld() || !(error instanceof DynamoDbException && error.type === "ResourceNotFoundException"))
      throw error;
    // Parts of a batch may be done: they are found done by the attempts of the second plan. A transaction that found
    // a table gone is over, and the second plan begins another.
    return attempt(identity.attempt + attemptsPerPlan, () => false);
  }
}

/**
 * Parsing changes nothing and recurses as deep as the input does: what exhausts the stack is nested too
 * deeply.
 */
function parseBounded(parse: () => Plan): Plan {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError) || !error.message.includes("call stack")) throw error;
    throw new DynamoDbException("ValidationException", "Nesting Levels have exceeded supported limits");
  }
}

/** A request under way. */
interface RequestContext extends DispatchContext {
  /** Who answered so far. */
  readonly answeredBy: AnsweringReplica[];
  /** That a table was not found may be for an old map, and there will be a second plan. */
  mayPlanAgain(): boolean;
}

function noted(result: DispatchResult, { answeredBy }: RequestContext): DispatchResult {
  if (result.kind === "ok") answeredBy.push(result.answeredBy);
  return result;
}

async function execute(doors: PipelineDoors, plan: Plan, context: RequestContext): Promise<string> {
  switch (plan.kind) {
    case "write": {
      const result = await promised<DispatchResult>((done) =>
        doors.dispatcher.write(plan.command, context, done),
      );
      return plan.reply(outcomeOf(noted(result, context)));
    }
    case "point-read": {
      const { token } = plan.command.position;
      const result = await promised<DispatchResult>((done) =>
        doors.dispatcher.read(plan.command, token, context, done),
      );
      return plan.reply(outcomeOf(noted(result, context)));
    }
    case "range-read":
      return executeRange(doors, plan, context);
    case "batch":
      return executeBatch(doors, plan, context);
    case "control":
      return executeControl(doors, plan, context);
    case "transact-write":
      return executeTransactWrite(doors, plan, context);
    case "transact-get":
      return executeTransactGet(doors, plan, context);
  }
}

async function executeRange(
  doors: PipelineDoors,
  plan: RangeReadPlan,
  context: RequestContext,
): Promise<string> {
  const outcomes: Outcome[] = [];
  for (let command: typeof plan.command | undefined = plan.command; command !== undefined;) {
    const sent = command;
    const result = await promised<DispatchResult>((done) =>
      doors.dispatcher.read(sent, sent.token, context, done),
    );
    outcomes.push(outcomeOf(noted(result, context)));
    command = result.kind === "ok" ? plan.next(outcomes, result.lastToken) : undefined;
  }
  return plan.reply(outcomes);
}

async function executeBatch(
  doors: PipelineDoors,
  plan: BatchPlan,
  context: RequestContext,
): Promise<string> {
  const results = await Promise.all(
    plan.parts.map(({ command, place }, position) =>
      promised<DispatchResult>((done) => {
        if (command.kind === "write") {
          const requestToken = partToken(context.requestToken, place ?? position);
          doors.dispatcher.write(command, { ...context, requestToken }, done);
        } else {
          doors.dispatcher.read(command, command.position.token, context, done);
        }
      }),
    ),
  );
  for (const result of results) noted(result, context);
  if (results.some(({ kind }) => kind === "gone") && context.mayPlanAgain()) throw failureOf("gone");
  return plan.reply(results.map(partResult));
}

function partResult(result: DispatchResult): PartResult {
  if (result.kind === "gone") {
    const { type, message } = failureOf("gone");
    return { outcome: { refused: { type, message } } };
  }
  if (result.kind !== "ok") return { failed: "unavailable" };
  return result.outcome.refused?.type === "ThrottlingException" ? { failed: "throttled" } : { outcome: result.outcome };
}

/** Each write of a batch is a write of its own: its place in the request tells it from the others. */
function partToken(token: Uint8Array, place: number): Uint8Array {
  const result = Uint8Array.from(token);
  result[0] = (result[0] as number) ^ place;
  return result;
}

async function executeControl(
  doors: PipelineDoors,
  plan: ControlPlan,
  context: DispatchContext,
): Promise<string> {
  const repeatable = repeatableControl.has(plan.command.operation);
  const deadlineMs = Math.max(1, context.deadline - doors.clock.now());
  const answer = await promised<Parameters<Parameters<ControlClient["send"]>[2]>[0]>((done) =>
    doors.controlClient.send(
      plan.command as unknown as ControlCommand,
      { trace: context.trace, deadlineMs, repeatable },
      done,
    ),
  );
  if (answer.status === "unavailable") throw internalServerError();
  return plan.reply(answer.outcome as Outcome);
}

/** The IndexName of an unchecked request. */
function indexNameOf(input: unknown): string | undefined {
  const name = (input as { IndexName?: unknown } | null | undefined)?.IndexName;
  return typeof name === "string" ? name : undefined;
}
