// The expressions of a request: checked in the router, carried in the command as text with their names and values,
// and compiled again (from a cache) where they are evaluated.
//
// The order of the checks is DynamoDB's: parameters that exclude each other; names and values by themselves; each
// expression's text; each expression against the names and values; placeholders that nothing uses.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { decodeValues, encodeItemFromJson } from "@azimuth/model/item-codec.ts";
import type { Bindings, ExpressionKind, Placeholders } from "@azimuth/expression/bindings.ts";
import { checkCondition, compileCondition } from "@azimuth/expression/condition.ts";
import { checkKeyCondition, checkKeyConditionShape, compileKeyCondition } from "@azimuth/expression/key-condition.ts";
import { checkProjection, compileProjection } from "@azimuth/expression/projection.ts";
import { checkUpdate, compileUpdate } from "@azimuth/expression/update.ts";
import { checkPlaceholderKeys, checkPlaceholdersAllowed, checkUsage } from "@azimuth/expression/usage.ts";
import { indexKeyAttributesMax } from "./limits.ts";

/** The members of a request that this module reads. */
export interface ExpressionParameters {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: JsonObject;
}

/** What travels in a command: names as a plain object, values encoded. */
export interface CarriedPlaceholders {
  readonly names: Readonly<Record<string, string>> | undefined;
  readonly values: Uint8Array | undefined;
}

export interface ParsedExpressions extends CarriedPlaceholders {
  readonly bindings: Bindings;
}

const nonExpressions = ["AttributesToGet", "AttributeUpdates", "QueryFilter", "ScanFilter", "ConditionalOperator",
  "KeyConditions", "Expected"] as const;

/**
 * Refuses expressions beside the parameters they replaced, and names or values without an expression. KeyConditions
 * alone may stand beside other expressions.
 */
export function checkParameterMix(request: ExpressionParameters, kinds: readonly ExpressionKind[]): void {
  const used = kinds.filter((kind) => request[kind] !== undefined);
  if (used.length > 0) {
    const excluded = (name: string): boolean => name !== "KeyConditions" || used.includes("KeyConditionExpression");
    const legacy = nonExpressions.filter((name) => (request as JsonObject)[name] !== undefined && excluded(name));
    if (legacy.length > 0) {
      throw validationException(
        "Can not use both expression and non-expression parameters in the same request: " +
          `Non-expression parameters: {${legacy.join(", ")}} Expression parameters: {${used.join(", ")}}`,
      );
    }
  }
  checkPlaceholdersAllowed({
    expressions: kinds.map((kind) => [kind, request[kind]] as const),
    names: request.ExpressionAttributeNames,
    values: request.ExpressionAttributeValues,
  });
}

const noExpressions: ParsedExpressions = {
  bindings: { names: new Map(), values: new Map() }, names: undefined, values: undefined,
};

/** Validates the expressions of these kinds that the request has, with their names and values. */
export function parseExpressions(
  request: ExpressionParameters,
  kinds: readonly ExpressionKind[],
): ParsedExpressions {
  if (kinds.every((kind) => request[kind] === undefined)) return noExpressions;
  const names = request.ExpressionAttributeNames;
  checkPlaceholderKeys({ names, values: request.ExpressionAttributeValues });
  const values = request.ExpressionAttributeValues && encodeItemFromJson(
    request.ExpressionAttributeValues,
    (message, name) => `ExpressionAttributeValues contains invalid value: ${message} for key ${name}`,
  );
  const bindings = bindPlaceholders({ names, values });
  const compiled: CompiledExpression[] = [];
  for (const kind of kinds) {
    const text = request[kind];
    if (text !== undefined) compiled.push(compile(kind, text));
  }
  for (const { check } of compiled) check(bindings);
  checkUsage(compiled, bindings);
  return { bindings, names, values };
}

/** The placeholders of a command, ready for evaluation. */
export function bindPlaceholders(carried: {
  readonly names?: Readonly<Record<string, string>> | undefined;
  readonly values?: Uint8Array | undefined;
}): Bindings {
  return {
    names: new Map(carried.names === undefined || carried.names === null ? [] : Object.entries(carried.names)),
    values: carried.values === undefined || carried.values === null ? noValues : decodeValues(carried.values),
  };
}

const noValues: ReadonlyMap<string, AttributeValue> = new Map();

interface CompiledExpression {
  readonly placeholders: Placeholders;
  readonly check: (bindings: Bindings) => void;
}

function compile(kind: ExpressionKind, text: string): CompiledExpression {
  switch (kind) {
    case "UpdateExpression": {
      const update = compileUpdate(text);
      return { placeholders: update.placeholders, check: (bindings) => checkUpdate(update, bindings) };
    }
    case "ProjectionExpression": {
      const projection = compileProjection(text);
      return { placeholders: projection.placeholders, check: (bindings) => checkProjection(projection, bindings) };
    }
    case "KeyConditionExpression": {
      const condition = compileKeyCondition(text);
      const check = (bindings: Bindings): void => {
        checkKeyCondition(condition, bindings);
        checkKeyConditionShape(condition, bindings, 2 * indexKeyAttributesMax);
      };
      return { placeholders: condition.placeholders, check };
    }
    default: {
      const condition = compileCondition(text, kind);
      return { placeholders: condition.placeholders, check: (bindings) => checkCondition(condition, bindings) };
    }
  }
}
