// Rules about ExpressionAttributeNames and ExpressionAttributeValues themselves, around any expressions of a
// request. In the order DynamoDB applies them: checkPlaceholdersAllowed, checkPlaceholderKeys, then (after
// each value has been read and every expression checked) checkUsage.
import { validationException } from "@azimuth/model/exceptions.ts";
import type { Bindings, ExpressionKind, Placeholders } from "./bindings.ts";
import { namePlaceholderBytesMax } from "./limits.ts";

/** What a request carries, before anything in it is parsed. Undefined: the member is absent. */
export interface GivenExpressions {
  /** Every expression the operation can take, in the order its messages name them, with its text. */
  readonly expressions: readonly (readonly [kind: ExpressionKind, text: string | undefined])[];
  readonly names: Readonly<Record<string, unknown>> | undefined;
  readonly values: Readonly<Record<string, unknown>> | undefined;
}

/** Names need some expression beside them; values need one that can use values. */
export function checkPlaceholdersAllowed({ expressions, names, values }: GivenExpressions): void {
  if (names !== undefined && expressions.every(([, text]) => text === undefined)) {
    throw validationException("ExpressionAttributeNames can only be specified when using expressions");
  }
  const takers = expressions.filter(([kind]) => kind !== "ProjectionExpression");
  if (values === undefined || takers.length === 0 || takers.some(([, text]) => text !== undefined)) return;
  const kinds = takers.map(([kind]) => kind).join(" and ");
  throw validationException(
    "ExpressionAttributeValues can only be specified when using expressions: " +
      `${kinds} ${takers.length > 1 ? "are" : "is"} null`,
  );
}

/**
 * Neither map is empty, and keys are placeholders. What a value may be is for whoever reads attribute values.
 */
export function checkPlaceholderKeys({ names, values }: Omit<GivenExpressions, "expressions">): void {
  if (names !== undefined) {
    checkKeys("ExpressionAttributeNames", "#", names);
    for (const [key, name] of Object.entries(names)) {
      checkNameKeySize(key);
      if (name !== "") continue;
      throw validationException(
        `ExpressionAttributeNames contains invalid value: Empty attribute name for key ${key}`,
      );
    }
  }
  if (values !== undefined) checkKeys("ExpressionAttributeValues", ":", values);
}

const placeholderBody = /^[A-Za-z0-9_]+$/;

function checkKeys(member: string, prefix: string, given: Readonly<Record<string, unknown>>): void {
  const keys = Object.keys(given);
  if (keys.length === 0) throw validationException(`${member} must not be empty`);
  for (const key of keys) {
    if (!key.startsWith(prefix) || !placeholderBody.test(key.slice(1))) {
      throw validationException(`${member} contains invalid key: Syntax error; key: "${key}"`);
    }
  }
}

/** Values have no such bound. */
function checkNameKeySize(key: string): void {
  if (key.length <= namePlaceholderBytesMax) return;
  throw validationException(
    "ExpressionAttributeNames contains invalid key: " +
      `The expression attribute map contains a key that is too long; size of key: ${key.length}`,
  );
}

/** Every name and value given is used by some expression. */
export function checkUsage(
  expressions: readonly { readonly placeholders: Placeholders }[], bindings: Bindings,
): void {
  const names = expressions.flatMap(({ placeholders }) => placeholders.names);
  checkUsed("ExpressionAttributeNames", bindings.names.keys(), names);
  const values = expressions.flatMap(({ placeholders }) => placeholders.values);
  checkUsed("ExpressionAttributeValues", bindings.values.keys(), values);
}

function checkUsed(member: string, given: Iterable<string>, used: readonly string[]): void {
  const usedSet = new Set(used);
  const unused = [...given].filter((key) => !usedSet.has(key));
  if (unused.length === 0) return;
  throw validationException(
    `Value provided in ${member} unused in expressions: keys: {${unused.join(", ")}}`,
  );
}
