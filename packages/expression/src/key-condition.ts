// KeyConditionExpression: DynamoDB parses it as any condition and then accepts very few of them: one
// condition on the partition key, `=`, and at most one on the sort key, joined by AND. Three steps, because a
// request is checked in three: the text; the placeholders and the shape (before the table is looked up); the
// fit to the key schema (after).
import type { AttributeValue, KeyType } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import type { Bindings } from "./bindings.ts";
import { checkCondition, compileCondition } from "./condition.ts";
import type { Condition } from "./condition.ts";
import { resolvePath } from "./document-path.ts";
import { boundValue } from "./static-checks.ts";
import { operandsOf } from "./syntax-tree.ts";
import type { Comparator, ConditionLeaf, ConditionNode } from "./syntax-tree.ts";

export type KeyCondition = Condition;

export type SortOperator = "=" | "<" | "<=" | ">" | ">=" | "between" | "begins_with";

export interface KeyAttributeSchema {
  readonly name: string;
  readonly type: KeyType;
}

export interface KeyConditionSchema {
  readonly partition: KeyAttributeSchema;
  readonly sort?: KeyAttributeSchema | undefined;
}

export interface SortCondition {
  readonly operator: SortOperator;
  /** One value, or for "between" the lower and the upper bound. */
  readonly values: readonly AttributeValue[];
}

export interface ResolvedKeyCondition {
  readonly partitionValue: AttributeValue;
  readonly sort?: SortCondition;
}

/** A condition on one attribute, the attribute on the left. */
interface KeyTerm extends SortCondition {
  readonly name: string;
}

const keyConditionsMax = 2;

const mirrored: Readonly<Record<Exclude<Comparator, "<>">, SortOperator>> = {
  "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
};

export function compileKeyCondition(text: string): KeyCondition {
  return compileCondition(text, "KeyConditionExpression");
}

/** Undefined placeholders and wrong operands, as in any condition. Before the two functions below. */
export function checkKeyCondition(condition: KeyCondition, bindings: Bindings): void {
  checkCondition(condition, bindings);
}

/**
 * That it is simple conditions on different attributes, one or two unless an index may have more key attributes;
 * DynamoDB checks it before it looks for the table.
 */
export function checkKeyConditionShape(
  condition: KeyCondition, bindings: Bindings, conditionsMax = keyConditionsMax,
): void {
  keyTerms(condition, bindings, conditionsMax);
}

/** The key of a global index: up to four attributes in each list. */
export interface CompositeKeySchema {
  readonly partition: readonly KeyAttributeSchema[];
  readonly sort: readonly KeyAttributeSchema[];
}

export interface ResolvedCompositeCondition {
  readonly partitionValues: readonly AttributeValue[];
  /** On the first sort key attributes; all but the last are "=". */
  readonly sorts: readonly SortCondition[];
}

/** The same for an index: every partition key attribute has to be given, sort key attributes from left to right. */
export function resolveCompositeKeyCondition(
  condition: KeyCondition, bindings: Bindings, schema: CompositeKeySchema,
): ResolvedCompositeCondition {
  const { partition, sort } = schema;
  const termByName = keyTerms(condition, bindings, Math.max(keyConditionsMax, partition.length + sort.length));
  const partitionValues = partition.map((attribute) => {
    const term = findTerm(termByName, attribute);
    if (term === undefined) throw missedKeyElement(attribute.name);
    if (term.operator !== "=") throw notSupported();
    return term.values[0] as AttributeValue;
  });
  const sorts: SortCondition[] = [];
  for (const attribute of sort) {
    if (termByName.size === partition.length + sorts.length) break;
    const term = findTerm(termByName, attribute);
    if (term === undefined) throw missedKeyElement(attribute.name);
    if (sorts.some((before) => before.operator !== "=")) throw notSupported();
    sorts.push({ operator: term.operator, values: term.values });
  }
  if (termByName.size > partition.length + sorts.length) throw notSupported();
  return { partitionValues, sorts };
}

/** Throws if the condition does not fit the key schema of the table or index queried. */
export function resolveKeyCondition(
  condition: KeyCondition, bindings: Bindings, schema: KeyConditionSchema,
): ResolvedKeyCondition {
  const termByName = keyTerms(condition, bindings);
  if (schema.sort === undefined && termByName.size > 1) throw notSupported();
  const partition = findTerm(termByName, schema.partition);
  if (partition === undefined) throw missedKeyElement(schema.partition.name);
  if (partition.operator !== "=") throw notSupported();
  const partitionValue = partition.values[0] as AttributeValue;
  if (schema.sort === undefined || termByName.size === 1) return { partitionValue };
  const sort = findTerm(termByName, schema.sort);
  if (sort === undefined) throw missedKeyElement(schema.sort.name);
  return { partitionValue, sort: { operator: sort.operator, values: sort.values } };
}

function findTerm(
  termByName: ReadonlyMap<string, KeyTerm>, { name, type }: KeyAttributeSchema,
): KeyTerm | undefined {
  const term = termByName.get(name);
  if (term === undefined || term.values.every((value) => value.type === type)) return term;
  throw validationException(
    "One or more parameter values were invalid: Condition parameter type does not match schema type",
  );
}

function missedKeyElement(name: string) {
  return validationException(`Query condition missed key schema element: ${name}`);
}

function notSupported() {
  return validationException("Query key condition not supported");
}

function keyTerms(
  condition: KeyCondition, bindings: Bindings, conditionsMax = keyConditionsMax,
): ReadonlyMap<string, KeyTerm> {
  const termByName = new Map<string, KeyTerm>();
  collectTerms(condition.root, bindings, termByName);
  if (termByName.size <= conditionsMax) return termByName;
  throw validationException("Conditions can be of length 1 or 2 only");
}

function collectTerms(node: ConditionNode, bindings: Bindings, termByName: Map<string, KeyTerm>): void {
  if (node.kind === "and") {
    collectTerms(node.left, bindings, termByName);
    collectTerms(node.right, bindings, termByName);
    return;
  }
  if (node.kind === "or" || node.kind === "not") throw invalidOperator(node.kind.toUpperCase());
  const term = readTerm(node, bindings);
  if (termByName.has(term.name)) {
    throw validationException("KeyConditionExpressions must only contain one condition per key");
  }
  termByName.set(term.name, term);
}

function invalidOperator(operator: string) {
  return validationException(`Invalid operator used in KeyConditionExpression: ${operator}`);
}

function invalidCondition(why: string) {
  return validationException(`Invalid condition in KeyConditionExpression: ${why}`);
}

function readTerm(leaf: ConditionLeaf, bindings: Bindings): KeyTerm {
  const operator = operatorOf(leaf);
  const operands = operandsOf(leaf);
  const keyMustBeFirst = operator === "between" || operator === "begins_with";
  if (keyMustBeFirst && operands[0]?.kind !== "path") {
    const shown = operator === "between" ? "BETWEEN" : operator;
    throw invalidCondition(`${shown} operator must have the key attribute as its first operand`);
  }
  let name: string | undefined;
  let namePosition = 0;
  const values: AttributeValue[] = [];
  for (const [position, operand] of operands.entries()) {
    if (operand.kind === "function") {
      throw validationException("KeyConditionExpressions cannot contain nested operations");
    }
    if (operand.kind === "value") {
      values.push(boundValue(operand.name, bindings));
      continue;
    }
    if (name !== undefined) throw invalidCondition("Multiple attribute names used in one condition");
    const path = resolvePath(operand, bindings);
    if (path.length > 1) {
      throw validationException("KeyConditionExpressions cannot have conditions on nested attributes");
    }
    name = String(path[0]);
    namePosition = position;
  }
  if (name === undefined) throw invalidCondition("No key attribute specified");
  const isMirrored = namePosition !== 0 && operator !== "between" && operator !== "begins_with";
  return { name, operator: isMirrored ? mirrored[operator] : operator, values };
}

function operatorOf(leaf: ConditionLeaf): SortOperator {
  switch (leaf.kind) {
    case "in": throw invalidOperator("IN");
    case "between": return "between";
    case "call":
      if (leaf.call.name !== "begins_with") throw invalidOperator(leaf.call.name);
      return "begins_with";
    case "comparison":
      if (leaf.operator === "<>") throw invalidOperator("<>");
      return leaf.operator;
  }
}
