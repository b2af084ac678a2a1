// What a WHERE clause says about the key: the one item a write is for, or the reads a SELECT falls apart into.
//
// A SELECT reads by key when every way to fulfil its condition names a partition key: the condition is then taken
// apart into branches (ORs over key attributes, IN on one), each with one partition value, conditions on the sort
// key and a filter. ORs that mention no key attribute stay in the filter. Anything else is a scan.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import type { KeySchema } from "@azimuth/model/table.ts";
import { equalValues } from "@azimuth/model/value-compare.ts";
import { readsMax } from "./limits.ts";
import { maybeValueOf } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import { missingKeyMessage, StatementKeyError } from "./statement-error.ts";
import type { Comparator, Condition, Operand } from "./syntax-tree.ts";

export type SortOperator = "=" | "<" | "<=" | ">" | ">=" | "between" | "begins_with";

export interface SortCondition {
  readonly operator: SortOperator;
  readonly values: readonly AttributeValue[];
}

/** One read of a SELECT: the items of a partition value whose sort key fulfils all of `sort`. */
export interface KeyRead {
  readonly partition: AttributeValue;
  readonly sort: readonly SortCondition[];
  /** A condition says what the sort key is not: it is filtered, and such reads may overlap others. */
  readonly excludes: boolean;
  /** What is neither in `partition` nor in `sort`. */
  readonly filter: readonly Condition[];
  /** What is not in `partition`. */
  readonly withoutPartition: readonly Condition[];
}

export interface WriteTarget {
  readonly key: ReadonlyMap<string, AttributeValue>;
  /** What else has to hold. */
  readonly condition: readonly Condition[];
}

/** The item that UPDATE or DELETE is for: all of its key by equality. */
export function writeTarget(where: Condition | undefined, schema: KeySchema, parameters: Parameters): WriteTarget {
  const { key, condition, missing, contradicted } = keyEqualities(where, schema, parameters);
  if (contradicted !== undefined) {
    throw new StatementKeyError(
      `Multiple conditions on same key ${contradicted}. Only single item Update/Insert/Delete are supported`,
    );
  }
  if (missing) throw new StatementKeyError(missingKeyMessage);
  return { key, condition };
}

/** The item that EXISTS looks at, and the condition it has to have. A second value for the key is a condition. */
export function checkTarget(where: Condition | undefined, schema: KeySchema, parameters: Parameters): WriteTarget {
  const { key, condition, missing } = keyEqualities(where, schema, parameters);
  if (!missing && condition.length > 0) return { key, condition };
  throw validationException("EXISTS() must contain a single item read with additional condition");
}

interface KeyEqualities extends WriteTarget {
  readonly missing: boolean;
  /** The key attribute that has been given two values; the second is in the condition. */
  readonly contradicted: string | undefined;
}

function keyEqualities(where: Condition | undefined, schema: KeySchema, parameters: Parameters): KeyEqualities {
  const names = schema.sort === undefined ? [schema.partition.name] : [schema.partition.name, schema.sort.name];
  const key = new Map<string, AttributeValue>();
  const condition: Condition[] = [];
  let contradicted: string | undefined;
  for (const part of where === undefined ? [] : conjuncts(where)) {
    const equality = equalityOf(part, parameters);
    if (equality === undefined || !names.includes(equality.name)) {
      condition.push(part);
      continue;
    }
    const { name, value } = equality;
    const known = key.get(name);
    if (known === undefined) key.set(name, value);
    else if (!equalValues(known, value)) {
      contradicted ??= name;
      condition.push(part);
    }
  }
  return { key, condition, missing: key.size < names.length, contradicted };
}

/** The reads of a SELECT by key; undefined when it has to scan. */
export function keyReads(
  where: Condition | undefined, schema: KeySchema, parameters: Parameters,
): readonly KeyRead[] | undefined {
  const analysis = new Analysis(schema, parameters);
  if (where === undefined || !analysis.namesPartition(where)) return undefined;
  const reads = analysis.branches(where).map((branch) => analysis.read(branch));
  const possible = reads.filter(({ contradicts }) => !contradicts);
  return possible.length > 0 ? possible : reads.slice(0, 1);
}

/** The key that the reads name, if it is of exactly one item and nothing else is asked. */
export function soleKey(
  reads: readonly KeyRead[] | undefined, schema: KeySchema,
): ReadonlyMap<string, AttributeValue> | undefined {
  const read = reads?.length === 1 ? reads[0] : undefined;
  if (read === undefined || read.filter.length > 0) return undefined;
  const key = new Map([[schema.partition.name, read.partition]]);
  if (schema.sort === undefined) return key;
  const [first] = read.sort;
  const value = first?.values[0];
  if (value === undefined) return undefined;
  const isSole = read.sort.every(({ operator, values: [other] }) =>
    operator === "=" && other !== undefined && equalValues(other, value));
  return isSole ? key.set(schema.sort.name, value) : undefined;
}

type Branch = readonly Condition[];

class Analysis {
  readonly #schema: KeySchema;
  readonly #parameters: Parameters;

  constructor(schema: KeySchema, parameters: Parameters) {
    this.#schema = schema;
    this.#parameters = parameters;
  }

  namesPartition(condition: Condition): boolean {
    switch (condition.kind) {
      case "and":
        return condition.conditions.some((part) => this.namesPartition(part));
      case "or":
        return condition.conditions.every((part) => this.namesPartition(part));
      case "in":
        return this.#isListed(condition, this.#schema.partition.name);
      default:
        return equalityOf(condition, this.#parameters)?.name === this.#schema.partition.name;
    }
  }

  branches(condition: Condition): readonly Branch[] {
    switch (condition.kind) {
      case "and":
        return condition.conditions.reduce<readonly Branch[]>(
          (left, part) => bounded(product(left, this.branches(part))), [[]],
        );
      case "or":
        if (!condition.conditions.some((part) => this.#mentionsKey(part))) return [[condition]];
        return bounded(condition.conditions.flatMap((part) => this.branches(part)));
      case "in": {
        const { operand, choices } = condition;
        if (!this.#keyNames.some((name) => this.#isListed(condition, name))) return [[condition]];
        return bounded(choices.map((right) => [{ kind: "comparison", operator: "=", left: operand, right }]));
      }
      default:
        return [[condition]];
    }
  }

  read(branch: Branch): KeyRead & { readonly contradicts: boolean } {
    const { partition: { name }, sort: sortKey } = this.#schema;
    let partition: AttributeValue | undefined;
    let contradicts = false;
    const sort: SortCondition[] = [];
    const filter: Condition[] = [];
    const withoutPartition: Condition[] = [];
    for (const part of branch) {
      const equality = equalityOf(part, this.#parameters);
      if (equality?.name === name) {
        this.#checkType(name, this.#schema.partition.type, [equality.value]);
        partition ??= equality.value;
        if (equalValues(partition, equality.value)) continue;
        contradicts = true;
      }
      withoutPartition.push(part);
      const onSort = sortKey && sortConditionOf(part, sortKey.name, this.#parameters);
      if (sortKey === undefined || onSort === undefined) {
        filter.push(part);
        continue;
      }
      this.#checkType(sortKey.name, sortKey.type, onSort.values);
      sort.push(onSort);
    }
    if (partition === undefined) throw new Error("every branch names a partition value");
    const excludes = sortKey !== undefined && filter.some((part) => isExclusion(part, sortKey.name));
    return { partition, sort, excludes, filter, withoutPartition, contradicts };
  }

  get #keyNames(): readonly string[] {
    const { partition, sort } = this.#schema;
    return sort === undefined ? [partition.name] : [partition.name, sort.name];
  }

  #isListed({ operand, choices }: Extract<Condition, { kind: "in" }>, name: string): boolean {
    return nameOf(operand) === name && choices.every((choice) => maybeValueOf(choice, this.#parameters) !== undefined);
  }

  #mentionsKey(condition: Condition): boolean {
    const names = this.#keyNames;
    return mentions(condition, (name) => names.includes(name));
  }

  #checkType(name: string, type: string, values: readonly AttributeValue[]): void {
    if (values.every((value) => value.type === type)) return;
    throw new StatementKeyError(
      `Key attribute's data type should match its data type in table's schema: Key ${name}`,
    );
  }
}

function bounded(branches: readonly Branch[]): readonly Branch[] {
  if (branches.length <= readsMax) return branches;
  throw validationException("Too many decomposed read operations for a given query.");
}

function product(left: readonly Branch[], right: readonly Branch[]): readonly Branch[] {
  if (left.length * right.length > readsMax) return bounded(Array(readsMax + 1).fill([]));
  return left.flatMap((one) => right.map((other) => [...one, ...other]));
}

function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === "and" ? condition.conditions.flatMap(conjuncts) : [condition];
}

interface Equality {
  readonly name: string;
  readonly value: AttributeValue;
}

/** `name = value`, either way around. */
function equalityOf(condition: Condition, parameters: Parameters): Equality | undefined {
  const comparison = comparisonOf(condition, parameters);
  return comparison?.operator === "=" ? comparison : undefined;
}

const mirrored: Readonly<Record<Comparator, Comparator>> = {
  "=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
};

function comparisonOf(
  condition: Condition, parameters: Parameters,
): (Equality & { readonly operator: Comparator }) | undefined {
  if (condition.kind !== "comparison") return undefined;
  const { operator, left, right } = condition;
  const isMirrored = nameOf(left) === undefined;
  const name = nameOf(isMirrored ? right : left);
  const value = maybeValueOf(isMirrored ? left : right, parameters);
  if (name === undefined || value === undefined) return undefined;
  return { name, value, operator: isMirrored ? mirrored[operator] : operator };
}

function sortConditionOf(condition: Condition, name: string, parameters: Parameters): SortCondition | undefined {
  if (condition.kind === "comparison") {
    const comparison = comparisonOf(condition, parameters);
    if (comparison?.name !== name || comparison.operator === "<>") return undefined;
    return { operator: comparison.operator, values: [comparison.value] };
  }
  const [operator, operands] =
    condition.kind === "between"
      ? ["between" as const, [condition.operand, condition.lower, condition.upper]]
      : condition.kind === "test" && condition.call.name === "begins_with"
        ? ["begins_with" as const, condition.call.operands]
        : [undefined, []];
  if (operator === undefined || operands[0] === undefined || nameOf(operands[0]) !== name) return undefined;
  const values = operands.slice(1).flatMap((operand) => maybeValueOf(operand, parameters) ?? []);
  return values.length === operands.length - 1 ? { operator, values } : undefined;
}

/** NOT around the attribute, or `<>`. */
function isExclusion(condition: Condition, name: string): boolean {
  if (condition.kind === "comparison" && condition.operator !== "<>") return false;
  if (condition.kind !== "not" && condition.kind !== "comparison") return false;
  return mentions(condition, (other) => other === name);
}

function nameOf(operand: Operand): string | undefined {
  return operand.kind === "path" && operand.path.length === 1 ? String(operand.path[0]) : undefined;
}

function mentions(condition: Condition, isMeant: (name: string) => boolean): boolean {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.conditions.some((part) => mentions(part, isMeant));
    case "not":
      return mentions(condition.condition, isMeant);
    default:
      return operandsOf(condition).some((operand) => operandMentions(operand, isMeant));
  }
}

function operandsOf(condition: Exclude<Condition, { kind: "and" | "or" | "not" }>): readonly Operand[] {
  switch (condition.kind) {
    case "comparison": return [condition.left, condition.right];
    case "between": return [condition.operand, condition.lower, condition.upper];
    case "in": return [condition.operand, ...condition.choices];
    case "test": return condition.call.operands;
    case "missing":
    case "type": return [condition.path];
    case "truth": throw new Error("comparisons of conditions are taken apart first");
  }
}

/** The top-level attributes that a condition reads, each once, in the order they are written. */
export function attributesOf(condition: Condition): readonly string[] {
  const names = new Set<string>();
  mentions(condition, (name) => {
    names.add(name);
    return false;
  });
  return [...names];
}

function operandMentions(operand: Operand, isMeant: (name: string) => boolean): boolean {
  if (operand.kind === "call") return operand.operands.some((inner) => operandMentions(inner, isMeant));
  return operand.kind === "path" && isMeant(String(operand.path[0]));
}
