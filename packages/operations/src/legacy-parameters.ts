// The parameters that expressions replaced (Expected, AttributeUpdates, QueryFilter, ScanFilter, AttributesToGet),
// translated into expressions in the router: nodes know expressions only. The texts differ only in how many
// placeholders they have, so the caches of compiled expressions serve them well.
//
// KeyConditions is read by key-range.ts; its conditions are validated here like the others.
import { parseValue, soleType, type Json, type JsonObject } from "@azimuth/model/attribute-json.ts";
import type { AttributeType, AttributeValue } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { compareValues } from "@azimuth/model/value-compare.ts";
import type { ExpressionParameters } from "./expressions.ts";
import type { Members, Shape } from "./request-shape.ts";

export const comparisonOperators = ["IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE",
  "LE", "BEGINS_WITH", "GE", "CONTAINS"] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

export interface LegacyCondition {
  readonly ComparisonOperator?: ComparisonOperator;
  readonly AttributeValueList?: readonly Json[];
}

export interface LegacyExpectation extends LegacyCondition {
  readonly Exists?: boolean;
  readonly Value?: Json;
}

export interface LegacyUpdate {
  readonly Action?: "PUT" | "ADD" | "DELETE";
  readonly Value?: Json;
}

type ByAttribute<T> = Readonly<Record<string, T>>;

export interface LegacyParameters {
  readonly Expected?: ByAttribute<LegacyExpectation>;
  readonly AttributeUpdates?: ByAttribute<LegacyUpdate>;
  readonly QueryFilter?: ByAttribute<LegacyCondition>;
  readonly ScanFilter?: ByAttribute<LegacyCondition>;
  readonly AttributesToGet?: readonly string[];
  readonly ConditionalOperator?: "AND" | "OR";
}

const conditionMembers: Members = { AttributeValueList: { list: "AttributeValue" }, ComparisonOperator: "String" };

export const conditionsShape: Shape = {
  map: { members: conditionMembers, of: "Condition", element: true }, of: "Condition",
};
export const expectedShape: Shape = {
  map: {
    members: { ...conditionMembers, Exists: "Boolean", Value: "AttributeValue" },
    of: "ExpectedAttributeValue",
    element: true,
  },
  of: "ExpectedAttributeValue",
};
export const updatesShape: Shape = {
  map: { members: { Value: "AttributeValue", Action: "String" }, of: "AttributeValueUpdate", element: true },
  of: "AttributeValueUpdate",
};

const invalid = "One or more parameter values were invalid: ";

/**
 * Validates the legacy parameters of a request and returns it with expressions in their place. Parameters and
 * expressions do not mix (expressions.ts has checked), so a request without legacy ones comes back as it is.
 */
export function withoutLegacy<Request extends ExpressionParameters & LegacyParameters>(request: Request): Request {
  const { Expected, AttributeUpdates, QueryFilter, ScanFilter, AttributesToGet, ConditionalOperator } = request;
  const filter = QueryFilter ?? ScanFilter;
  if ((Expected ?? AttributeUpdates ?? filter ?? AttributesToGet) === undefined) return request;
  const placeholders = new Placeholders();
  const join = ConditionalOperator === "OR" ? " OR " : " AND ";
  const conditions = (all: ByAttribute<LegacyCondition>): string =>
    Object.entries(all).map(([name, condition]) => conditionText(name, condition, placeholders)).join(join);
  const texts = {
    UpdateExpression: AttributeUpdates && updateText(AttributeUpdates, placeholders),
    ConditionExpression: Expected && conditions(checkedExpectations(Expected)),
    FilterExpression: filter && conditions(checkedConditions(filter)),
    ProjectionExpression: AttributesToGet && projectionText(AttributesToGet, placeholders),
  };
  const expressions = Object.entries(texts).filter(([, text]) => text !== undefined && text !== "");
  if (expressions.length === 0) return request;
  return { ...request, ...placeholders.members(), ...Object.fromEntries(expressions) };
}

/** Names and values met so far, under placeholders of their own. */
class Placeholders {
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, Json> = {};
  #count = 0;

  name(name: string): string {
    const placeholder = `#legacy${this.#count++}`;
    this.#names[placeholder] = name;
    return placeholder;
  }

  value(value: Json): string {
    const placeholder = `:legacy${this.#count++}`;
    this.#values[placeholder] = value;
    return placeholder;
  }

  members(): Pick<ExpressionParameters, "ExpressionAttributeNames" | "ExpressionAttributeValues"> {
    return {
      ExpressionAttributeNames: this.#names,
      ...(Object.keys(this.#values).length === 0 ? {} : { ExpressionAttributeValues: this.#values as JsonObject }),
    };
  }
}

function projectionText(attributes: readonly string[], placeholders: Placeholders): string {
  const repeated = attributes.find((name, position) => attributes.indexOf(name) < position);
  if (repeated !== undefined) throw validationException(`${invalid}Duplicate value in attribute name: ${repeated}`);
  return attributes.map((name) => placeholders.name(name)).join(", ");
}

const comparators: Partial<Record<ComparisonOperator, string>> = {
  EQ: "=", NE: "<>", LT: "<", LE: "<=", GT: ">", GE: ">=",
};

function conditionText(name: string, condition: LegacyCondition, placeholders: Placeholders): string {
  const path = placeholders.name(name);
  const operator = condition.ComparisonOperator as ComparisonOperator;
  const values = (condition.AttributeValueList ?? []).map((value) => placeholders.value(value));
  switch (operator) {
    case "NULL":
      return `attribute_not_exists(${path})`;
    case "NOT_NULL":
      return `attribute_exists(${path})`;
    case "CONTAINS":
      return `contains(${path}, ${values[0]})`;
    case "NOT_CONTAINS":
      return `(attribute_exists(${path}) AND NOT contains(${path}, ${values[0]}))`;
    case "BEGINS_WITH":
      return `begins_with(${path}, ${values[0]})`;
    case "IN":
      return `${path} IN (${values.join(", ")})`;
    case "BETWEEN":
      return `(${path} BETWEEN ${values[0]} AND ${values[1]})`;
    default:
      return `${path} ${comparators[operator]} ${values[0]}`;
  }
}

/** How many values an operator takes: [least, most]. */
const valueCounts: Partial<Record<ComparisonOperator, readonly [number, number]>> = {
  NULL: [0, 0], NOT_NULL: [0, 0], IN: [1, Number.POSITIVE_INFINITY], BETWEEN: [2, 2],
};

const scalars: readonly AttributeType[] = ["S", "N", "B"];
const operandTypes: Partial<Record<ComparisonOperator, readonly AttributeType[]>> = {
  LE: scalars, LT: scalars, GE: scalars, GT: scalars, CONTAINS: scalars, NOT_CONTAINS: scalars,
  BEGINS_WITH: ["S", "B"], IN: scalars, BETWEEN: scalars,
};

/** Validates conditions of QueryFilter, ScanFilter or KeyConditions. */
export function checkedConditions<C extends LegacyCondition>(conditions: ByAttribute<C>): ByAttribute<C> {
  for (const condition of Object.values(conditions)) {
    checkValues(condition.ComparisonOperator as ComparisonOperator, condition.AttributeValueList ?? []);
  }
  return conditions;
}

function checkValues(operator: ComparisonOperator, list: readonly Json[]): readonly AttributeValue[] {
  const values = list.map((value) => parseValue(value));
  const [least, most] = valueCounts[operator] ?? [1, 1];
  if (values.length < least || values.length > most) {
    throw validationException(`${invalid}Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  }
  if (values.some((value) => value.type !== values[0]?.type)) {
    throw validationException(`${invalid}AttributeValues inside AttributeValueList must be of same type`);
  }
  const types = operandTypes[operator];
  const wrong = types && values.find((value) => !types.includes(value.type));
  if (wrong !== undefined) {
    throw validationException(
      `${invalid}ComparisonOperator ${operator} is not valid for ${wrong.type} AttributeValue type`,
    );
  }
  if (operator === "BETWEEN" && (compareValues(values[0]!, values[1]!) ?? 0) > 0) {
    throw validationException(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    );
  }
  return values;
}

/** Validates Expected, and brings both of its forms into that of a condition. */
function checkedExpectations(expected: ByAttribute<LegacyExpectation>): ByAttribute<LegacyCondition> {
  const conditions: [string, LegacyCondition][] = [];
  for (const [name, expectation] of Object.entries(expected)) {
    conditions.push([name, checkedExpectation(name, expectation)]);
  }
  return Object.fromEntries(conditions);
}

function checkedExpectation(name: string, expectation: LegacyExpectation): LegacyCondition {
  const { ComparisonOperator, AttributeValueList, Exists, Value } = expectation;
  const refuse = (what: string): never => {
    throw validationException(`${invalid}${what} for Attribute: ${name}`);
  };
  if (AttributeValueList !== undefined && Value !== undefined) {
    refuse("Value and AttributeValueList cannot be used together");
  }
  if (ComparisonOperator !== undefined) {
    if (Exists !== undefined) refuse("Exists and ComparisonOperator cannot be used together");
    const list = AttributeValueList ?? (Value === undefined ? undefined : [Value]);
    const needsValue = ComparisonOperator !== "NULL" && ComparisonOperator !== "NOT_NULL";
    if (needsValue && list === undefined) {
      refuse(`Value or AttributeValueList must be used with ComparisonOperator: ${ComparisonOperator}`);
    }
    checkValues(ComparisonOperator, list ?? []);
    return { ComparisonOperator, AttributeValueList: list ?? [] };
  }
  if (AttributeValueList !== undefined) refuse("AttributeValueList can only be used with a ComparisonOperator");
  if (Exists === false) {
    if (Value !== undefined) refuse("Value cannot be used when Exists is false");
    return { ComparisonOperator: "NULL" };
  }
  if (Value === undefined) refuse(`Value must be provided when Exists is ${Exists ?? "null"}`);
  parseValue(Value);
  return { ComparisonOperator: "EQ", AttributeValueList: [Value] };
}

const addable: readonly AttributeType[] = ["N", "SS", "NS", "BS", "L"];
const deletable: readonly AttributeType[] = ["SS", "NS", "BS"];

function updateText(updates: ByAttribute<LegacyUpdate>, placeholders: Placeholders): string {
  const sections: Record<"SET" | "REMOVE" | "ADD" | "DELETE", string[]> = { SET: [], REMOVE: [], ADD: [], DELETE: [] };
  for (const [name, { Action = "PUT", Value }] of Object.entries(updates)) {
    const path = placeholders.name(name);
    if (Value === undefined) {
      if (Action !== "DELETE") {
        throw validationException(`${invalid}Only DELETE action is allowed when no attribute value is specified`);
      }
      sections.REMOVE.push(path);
      continue;
    }
    parseValue(Value);
    const type = soleType(Value);
    if (Action === "DELETE" && !deletable.includes(type)) {
      throw validationException(`${invalid}DELETE action with value is not supported for the type ${type}`);
    }
    if (Action === "ADD" && !addable.includes(type)) {
      throw validationException(`${invalid}ADD action is not supported for the type ${type}`);
    }
    const value = placeholders.value(Value);
    if (Action === "PUT") sections.SET.push(`${path} = ${value}`);
    else if (type === "L") {
      const empty = placeholders.value({ L: [] });
      sections.SET.push(`${path} = list_append(if_not_exists(${path}, ${empty}), ${value})`);
    } else sections[Action].push(`${path} ${value}`);
  }
  return Object.entries(sections)
    .filter(([, actions]) => actions.length > 0)
    .map(([section, actions]) => `${section} ${actions.join(", ")}`)
    .join(" ");
}
