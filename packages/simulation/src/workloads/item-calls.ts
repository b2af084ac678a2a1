// The requests of the workload `items`: what a client may ask about an item, in every form in which DynamoDB lets it
// be asked, with what the model of an item calls it and with how its answer is read. A batch has several parts, each
// an operation of its own.
import type { Random } from "@azimuth/foundation/random.ts";
import type { ItemCondition, ItemInput, ItemState, ItemValue } from "@azimuth/history/models/item.ts";
import {
  conditionText, encodeItem, encodeKey, plainValues, Placeholders, projectionText, StatementText, updateText, wholeItem,
  type Attributes,
} from "./item-text.ts";

export const table = "items";

export interface Part {
  readonly key: string;
  readonly f: "put" | "update" | "delete" | "read";
  readonly input: ItemInput | null;
}

export type PartEnd =
  | { readonly kind: "ok"; readonly output: unknown }
  | { readonly kind: "refused"; readonly output: unknown }
  | { readonly kind: "unknown" };

export interface ItemCall {
  readonly target: string;
  readonly request: object;
  readonly parts: readonly Part[];
  /** From an answer that is no error. */
  endsOf(body: Record<string, unknown>): readonly PartEnd[];
  /** The request asks a refusal to show the item. */
  readonly isToldWhy: boolean;
}

export interface Draw {
  readonly random: Random;
  /** Distinct; batches have a part for each, other calls are about the first. */
  readonly keys: readonly string[];
  /** What somebody saw lately, to make conditions that hold as often as not. */
  seen(key: string): ItemState | undefined;
  /** A text that no other write has. */
  token(): string;
}

export type DrawCall = (draw: Draw) => ItemCall;

const numbers = ["n", "m"];
const texts = ["a", "b"];
const attributes = [...numbers, ...texts];
const someTexts = ["x", "y"];

/** Text of an attribute that no item ever has. */
const neverWritten = "never written";

export const writeCalls: Readonly<Record<string, DrawCall>> = {
  PutItem: (draw) => single(draw, "PutItem", putPart(draw, drawCondition(draw))),
  UpdateItem: (draw) => single(draw, "UpdateItem", updatePart(draw, drawCondition(draw))),
  DeleteItem: (draw) => single(draw, "DeleteItem", part(draw, "delete", withCondition({}, drawCondition(draw)))),
  BatchWriteItem: drawBatchWrite,
  ExecuteStatement: (draw) => statement(drawWriteStatement(draw, draw.keys[0] as string)),
  BatchExecuteStatement: (draw) => statements(draw.keys.map((key) => drawWriteStatement(draw, key))),
};

export const readCalls: Readonly<Record<string, DrawCall>> = {
  GetItem: drawGet,
  Query: drawQuery,
  BatchGetItem: drawBatchGet,
  SelectStatement: (draw) => statement(drawSelect(draw, draw.keys[0] as string)),
  BatchSelectStatement: (draw) => statements(draw.keys.map((key) => drawSelect(draw, key))),
};

/** A write that is refused for certain, and tells what it found: a look at what the leader decides on. */
export function drawRefused(draw: Draw): ItemCall {
  const condition = { equals: { a: neverWritten } };
  const target = draw.random.pick(["PutItem", "UpdateItem", "DeleteItem"]);
  const chosen = target === "PutItem" ? putPart(draw, condition)
    : target === "UpdateItem" ? updatePart(draw, condition) : part(draw, "delete", { condition });
  return single(draw, target, chosen, true);
}

function part({ keys }: Draw, f: Part["f"], input: ItemInput): Part {
  return { key: keys[0] as string, f, input };
}

function putPart(draw: Draw, condition: ItemCondition | undefined): Part {
  return part(draw, "put", withCondition({ item: drawItem(draw) }, condition));
}

function updatePart(draw: Draw, condition: ItemCondition | undefined): Part {
  return part(draw, "update", withCondition(drawChange(draw, true), condition));
}

function withCondition(input: ItemInput, condition: ItemCondition | undefined): ItemInput {
  return condition === undefined ? input : { ...input, condition };
}

function drawItem({ random, token }: Draw): ItemValue {
  const item: Record<string, string | number> = { a: token() };
  if (random.chance(0.6)) item["n"] = random.integer(10);
  if (random.chance(0.3)) item["m"] = random.integer(10);
  if (random.chance(0.5)) item["b"] = random.pick(someTexts);
  return item;
}

function drawChange({ random, token }: Draw, mayAdd: boolean): ItemInput {
  const add: Record<string, number> = {};
  const set: Record<string, string | number> = {};
  const remove: string[] = [];
  for (const name of random.shuffle(attributes).slice(0, random.between(1, 3))) {
    if (random.chance(0.2)) remove.push(name);
    else if (mayAdd && numbers.includes(name) && random.chance(0.7)) add[name] = random.between(1, 5);
    else set[name] = numbers.includes(name) ? random.integer(10) : name === "a" ? token() : random.pick(someTexts);
  }
  return {
    ...(Object.keys(add).length > 0 ? { add } : {}),
    ...(Object.keys(set).length > 0 ? { set } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
}

function drawCondition({ random, keys, seen }: Draw): ItemCondition | undefined {
  const choice = random.next();
  if (choice < 0.45) return undefined;
  if (choice < 0.6) return { exists: random.chance(0.7) };
  if (choice < 0.75) return { below: { [random.pick(numbers)]: random.between(1, 20) } };
  const known = Object.entries(seen(keys[0] as string) ?? {}).filter(([name]) => attributes.includes(name));
  if (known.length === 0) return { exists: false };
  const [name, value] = random.pick(known);
  return { equals: { [name]: value } };
}

function drawNames({ random }: Draw): readonly string[] | undefined {
  return random.chance(0.4) ? random.shuffle(attributes).slice(0, random.between(1, 2)) : undefined;
}

/** A PutItem, UpdateItem or DeleteItem. */
function single({ random }: Draw, target: string, chosen: Part, isToldWhy = random.chance(0.5)): ItemCall {
  const { key, f, input } = chosen;
  const words = new Placeholders();
  const returns = random.pick(f === "update"
    ? ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
    : ["NONE", "ALL_OLD"]);
  const request = {
    TableName: table,
    ...(f === "put" ? { Item: encodeItem(key, input?.item ?? {}) } : { Key: encodeKey(key) }),
    ...(f === "update" ? { UpdateExpression: updateText(input ?? {}, words, random.chance(0.5)) } : {}),
    ...(input?.condition === undefined ? {} : { ConditionExpression: conditionText(input.condition, words) }),
    ...words.members(),
    ReturnValues: returns,
    ...(isToldWhy ? { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } : {}),
  };
  const endsOf = ({ Attributes: told }: Record<string, unknown>): readonly PartEnd[] =>
    [{ kind: "ok", output: toldBy(returns, told as Attributes | undefined, key) }];
  return { target, request, parts: [chosen], endsOf, isToldWhy };
}

/** What ReturnValues, or RETURNING, had the answer tell. */
function toldBy(returns: string, told: Attributes | undefined, key: string): object {
  switch (returns) {
    case "ALL_OLD":
      return { old: wholeItem(told, key) };
    case "ALL_NEW":
      return { new: wholeItem(told, key) };
    case "UPDATED_OLD":
      return { touchedOld: plainValues(told ?? {}) };
    case "UPDATED_NEW":
      return { touchedNew: plainValues(told ?? {}) };
    default:
      return {};
  }
}

/** What is handed back as unprocessed may have been done all the same: of a part's attempts only the last is told. */
function drawBatchWrite(draw: Draw): ItemCall {
  const { random, keys } = draw;
  const parts = keys.map((key): Part =>
    random.chance(0.7) ? { key, f: "put", input: { item: drawItem(draw) } } : { key, f: "delete", input: {} });
  const entries = parts.map(({ key, f, input }) => f === "put"
    ? { PutRequest: { Item: encodeItem(key, input?.item ?? {}) } }
    : { DeleteRequest: { Key: encodeKey(key) } });
  const endsOf = ({ UnprocessedItems: left }: Record<string, unknown>): readonly PartEnd[] => {
    const entriesLeft = (left as Record<string, WriteEntry[]>)[table] ?? [];
    const keysLeft = new Set(entriesLeft.map(({ PutRequest, DeleteRequest }) =>
      (PutRequest?.Item ?? DeleteRequest?.Key)?.["id"]?.S));
    return keys.map((key) => keysLeft.has(key) ? { kind: "unknown" } : { kind: "ok", output: {} });
  };
  const request = { RequestItems: { [table]: entries } };
  return { target: "BatchWriteItem", request, parts, endsOf, isToldWhy: false };
}

interface WriteEntry {
  readonly PutRequest?: { readonly Item: Attributes };
  readonly DeleteRequest?: { readonly Key: Attributes };
}

function readPart(key: string, only: readonly string[] | undefined): Part {
  return { key, f: "read", input: only === undefined ? null : { only } };
}

/** An item that was read whole or in part. */
function shown(item: Attributes | undefined, key: string, only: readonly string[] | undefined): ItemState {
  if (only === undefined) return wholeItem(item, key);
  return item === undefined ? null : plainValues(item);
}

function drawGet(draw: Draw): ItemCall {
  const key = draw.keys[0] as string;
  const only = drawNames(draw);
  const words = new Placeholders();
  const projection = only === undefined ? {} : { ProjectionExpression: projectionText(only, words) };
  const request = { TableName: table, Key: encodeKey(key), ConsistentRead: true, ...projection, ...words.members() };
  const endsOf = ({ Item }: Record<string, unknown>): readonly PartEnd[] =>
    [{ kind: "ok", output: shown(Item as Attributes | undefined, key, only) }];
  return { target: "GetItem", request, parts: [readPart(key, only)], endsOf, isToldWhy: false };
}

function drawQuery(draw: Draw): ItemCall {
  const key = draw.keys[0] as string;
  const only = drawNames(draw);
  const condition = drawCondition(draw);
  const filter = condition?.exists === undefined ? condition : undefined;
  const words = new Placeholders();
  const request = {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: `${words.name("id")} = ${words.value(key)}`,
    ...(only === undefined ? {} : { ProjectionExpression: projectionText(only, words) }),
    ...(filter === undefined ? {} : { FilterExpression: conditionText(filter, words) }),
    ...words.members(),
  };
  const { f, input } = readPart(key, only);
  const parts = [{ key, f, input: filter === undefined ? input : withCondition(input ?? {}, filter) }];
  const endsOf = ({ Items }: Record<string, unknown>): readonly PartEnd[] =>
    [{ kind: "ok", output: onlyOne(Items as Attributes[], (item) => shown(item, key, only)) }];
  return { target: "Query", request, parts, endsOf, isToldWhy: false };
}

/** Of a read by key; what no item ever is if there are several. */
function onlyOne<Result>(items: readonly Attributes[], read: (item: Attributes | undefined) => Result): unknown {
  return items.length > 1 ? { items: items.length } : read(items[0]);
}

function drawBatchGet(draw: Draw): ItemCall {
  const { keys } = draw;
  const only = drawNames(draw);
  const words = new Placeholders();
  const projection = only === undefined ? {} : { ProjectionExpression: projectionText(["id", ...only], words) };
  const wanted = { Keys: keys.map(encodeKey), ConsistentRead: true, ...projection, ...words.members() };
  const endsOf = ({ Responses, UnprocessedKeys }: Record<string, unknown>): readonly PartEnd[] => {
    const found = (Responses as Record<string, Attributes[]>)[table] ?? [];
    const left = (UnprocessedKeys as Record<string, { readonly Keys: Attributes[] }>)[table]?.Keys ?? [];
    return keys.map((key): PartEnd => {
      if (left.some(({ id }) => id?.S === key)) return { kind: "unknown" };
      const output = onlyOne(found.filter(({ id }) => id?.S === key), (item) => wholeItem(item, key));
      return { kind: "ok", output };
    });
  };
  const parts = keys.map((key) => readPart(key, only));
  return { target: "BatchGetItem", request: { RequestItems: { [table]: wanted } }, parts, endsOf, isToldWhy: false };
}

interface DrawnStatement {
  readonly part: Part;
  readonly text: StatementText;
  readonly isToldWhy: boolean;
  outputOf(item: Attributes | undefined): unknown;
}

function drawWriteStatement(draw: Draw, key: string): DrawnStatement {
  const { random } = draw;
  const about = { ...draw, keys: [key] };
  const text = new StatementText(random.chance(0.5));
  const isToldWhy = random.chance(0.5);
  const choice = random.next();
  if (choice < 0.3) {
    const input = { item: drawItem(draw), condition: { exists: false } };
    text.add(`INSERT INTO ${table} VALUE `).addItem(key, input.item);
    return { part: { key, f: "put", input }, text, isToldWhy: false, outputOf: () => ({}) };
  }
  const drawn = drawCondition(about);
  const asked = drawn?.exists === undefined ? drawn : undefined;
  if (choice < 0.75) {
    const input = { ...drawChange(draw, false), condition: { ...asked, exists: true } };
    text.add(`UPDATE ${table}`).addChange(input).addWhere(key, asked);
    const forms = { ALL_OLD: "ALL OLD", ALL_NEW: "ALL NEW", UPDATED_OLD: "MODIFIED OLD", UPDATED_NEW: "MODIFIED NEW" };
    const returning = random.pick([undefined, ...Object.entries(forms)]);
    if (returning !== undefined) text.add(` RETURNING ${returning[1]} *`);
    const outputOf = (item: Attributes | undefined): object => toldBy(returning?.[0] ?? "NONE", item, key);
    return { part: { key, f: "update", input }, text, isToldWhy, outputOf };
  }
  const input = asked === undefined ? {} : { condition: { ...asked, orAbsent: true as const } };
  text.add(`DELETE FROM ${table}`).addWhere(key, asked);
  const returns = random.pick(["NONE", "ALL_OLD"]);
  if (returns !== "NONE") text.add(" RETURNING ALL OLD *");
  return { part: { key, f: "delete", input }, text, isToldWhy, outputOf: (item) => toldBy(returns, item, key) };
}

function drawSelect(draw: Draw, key: string): DrawnStatement {
  const only = drawNames(draw);
  const text = new StatementText(draw.random.chance(0.5));
  text.add(`SELECT ${only === undefined ? "*" : only.join(", ")} FROM ${table}`).addWhere(key, undefined);
  return { part: readPart(key, only), text, isToldWhy: false, outputOf: (item) => shown(item, key, only) };
}

function statement({ part: only, text, isToldWhy, outputOf }: DrawnStatement): ItemCall {
  const request = { ...text.members(), ...statementOptions(only, isToldWhy) };
  const endsOf = ({ Items }: Record<string, unknown>): readonly PartEnd[] =>
    [{ kind: "ok", output: onlyOne(Items as Attributes[], outputOf) }];
  return { target: "ExecuteStatement", request, parts: [only], endsOf, isToldWhy };
}

function statements(drawn: readonly DrawnStatement[]): ItemCall {
  const Statements = drawn.map(({ part: each, text, isToldWhy }) =>
    ({ ...text.members(), ...statementOptions(each, isToldWhy) }));
  const endsOf = ({ Responses }: Record<string, unknown>): readonly PartEnd[] =>
    drawn.map(({ part: { key, f }, isToldWhy, outputOf }, position): PartEnd => {
      const { Error: error, Item } = (Responses as StatementResponse[])[position] ?? {};
      if (error === undefined) return { kind: "ok", output: outputOf(Item) };
      const isRefusal = f !== "read" && refusalCodes.has(error.Code);
      if (!isRefusal && !unansweredCodes.has(error.Code)) throw new Error(`${error.Code}: ${error.Message}`);
      if (!isRefusal) return { kind: "unknown" };
      return { kind: "refused", output: isToldWhy ? { found: wholeItem(error.Item, key) } : undefined };
    });
  const parts = drawn.map(({ part: each }) => each);
  return { target: "BatchExecuteStatement", request: { Statements }, parts, endsOf, isToldWhy: false };
}

interface StatementResponse {
  readonly Error?: { readonly Code: string; readonly Message: string; readonly Item?: Attributes };
  readonly Item?: Attributes;
}

const refusalCodes: ReadonlySet<string> = new Set(["ConditionalCheckFailed", "DuplicateItem"]);
const unansweredCodes: ReadonlySet<string> = new Set(["InternalServerError", "ProvisionedThroughputExceeded"]);

function statementOptions({ f }: Part, isToldWhy: boolean): object {
  if (f === "read") return { ConsistentRead: true };
  return isToldWhy ? { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } : {};
}
