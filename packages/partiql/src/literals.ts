// Literals: numbers, strings, and lists, maps and sets of literals, read straight into attribute values. Problems
// with a value name the way to it from the attribute it is for: `under root.a[1]`.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { parseStringSet } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { compareNumbers, parseNumber } from "@azimuth/model/number.ts";
import type { Cursor } from "./cursor.ts";
import { exponentMax, exponentMin, literalNestingMax } from "./limits.ts";
import { errorAt, notWellFormed } from "./statement-error.ts";

/** What stands for a literal that has a problem: the statement is refused once it has parsed. */
const placeholder: AttributeValue = { type: "NULL", value: true };

export function isLiteralAhead(cursor: Cursor): boolean {
  const { kind, value } = cursor.current;
  switch (kind) {
    case "string":
    case "number":
      return true;
    case "keyword":
      return value === "true" || value === "false" || value === "null";
    case "symbol":
      return value === "[" || value === "{" || value === "<<" || value === "-" || value === "+";
    default:
      return false;
  }
}

/** A literal begins here. `path` is the way to it, `depth` the number of lists and maps around it. */
export function parseLiteral(cursor: Cursor, path = "root", depth = 0): AttributeValue {
  if (depth > literalNestingMax) {
    cursor.note(validationException(`Nesting Levels have exceeded supported limits under ${path}`));
  }
  const { kind, value } = cursor.current;
  if (kind === "string") return { type: "S", value: cursor.advance().value };
  if (kind === "number") return numberValue(cursor, cursor.advance().value, path);
  if (kind === "keyword" && value === "null") return cursor.advance(), { type: "NULL", value: true };
  if (kind === "keyword") return cursor.advance(), { type: "BOOL", value: value === "true" };
  if (value === "-" || value === "+") return signedValue(cursor, path, depth);
  return cursor.nested(() => {
    if (value === "[") return parseList(cursor, path, depth);
    return value === "{" ? parseMap(cursor, path, depth) : parseBag(cursor, path);
  });
}

function signedValue(cursor: Cursor, path: string, depth: number): AttributeValue {
  const sign = cursor.advance().value;
  if (cursor.current.kind !== "number" && !cursor.isSymbol("-") && !cursor.isSymbol("+")) {
    throw validationException(`Unsupported operation: ${sign}`);
  }
  const value = cursor.nested(() => parseLiteral(cursor, path, depth));
  if (value.type !== "N" || sign === "+" || value.value === "0") return value;
  return { type: "N", value: value.value.startsWith("-") ? value.value.slice(1) : `-${value.value}` };
}

function numberValue(cursor: Cursor, text: string, path: string): AttributeValue {
  const [mantissa = "", exponentText = "0"] = text.split(/[eE]/);
  const exponent = Number(exponentText);
  const scale = (mantissa.split(".")[1]?.length ?? 0) - exponent;
  const fits = (value: number): boolean => value >= exponentMin && value <= exponentMax;
  if (!fits(exponent) || !fits(scale)) throw notWellFormed("");
  try {
    return { type: "N", value: parseNumber(text) };
  } catch (error) {
    if (!(error instanceof DynamoDbException)) throw error;
    cursor.note(validationException(`${error.message} under ${path}`));
    return placeholder;
  }
}

/** One element of a collection; whatever is no literal is refused by its kind. */
function parseElement(cursor: Cursor, path: string, depth: number): AttributeValue {
  if (isLiteralAhead(cursor)) return parseLiteral(cursor, path, depth);
  const { kind, value, place } = cursor.current;
  if (kind === "parameter") {
    cursor.advance();
    cursor.note(errorAt(`Unsupported data type: Parameter under key ${path}`, place));
    return placeholder;
  }
  if (kind === "identifier" || kind === "quoted") {
    cursor.advance();
    const isCall = cursor.isSymbol("(");
    cursor.note(errorAt(
      `Unsupported data type: ${isCall ? value.toLowerCase() : "VariableReference"} under key ${path}`, place,
    ));
    if (isCall) skipParentheses(cursor);
    return placeholder;
  }
  throw unexpected(cursor);
}

function skipParentheses(cursor: Cursor): void {
  for (let open = 0; ;) {
    if (cursor.current.kind === "end") throw notWellFormed("Expected RIGHT_PAREN");
    if (cursor.isSymbol("(")) open++;
    if (cursor.isSymbol(")")) open--;
    cursor.advance();
    if (open === 0) return;
  }
}

export function unexpected(cursor: Cursor): DynamoDbException {
  return notWellFormed(cursor.current.kind === "keyword" ? "Unexpected keyword" : "Unexpected term");
}

function parseList(cursor: Cursor, path: string, depth: number): AttributeValue {
  cursor.advance();
  const elements: AttributeValue[] = [];
  if (!cursor.maybeTakeSymbol("]")) {
    do elements.push(parseElement(cursor, `${path}[${elements.length}]`, depth + 1));
    while (cursor.maybeTakeSymbol(","));
    cursor.takeSymbol("]", "RIGHT_BRACKET");
  }
  return { type: "L", value: elements };
}

function parseMap(cursor: Cursor, path: string, depth: number): AttributeValue {
  const value = parseMembers(cursor, path, (name) => parseElement(cursor, `${path}.${name}`, depth + 1));
  return { type: "M", value };
}

/** `{ 'name': member, … }`: the names are strings, each once. */
export function parseMembers<Member>(
  cursor: Cursor, path: string, parseMember: (name: string) => Member,
): ReadonlyMap<string, Member> {
  cursor.takeSymbol("{", "LEFT_CURLY");
  const members = new Map<string, Member>();
  if (cursor.maybeTakeSymbol("}")) return members;
  do {
    const name = parseMemberName(cursor, path);
    cursor.takeSymbol(":", "COLON");
    if (members.has(name)) {
      cursor.note(validationException(`Duplicate keys in tuple. Key: ${name} under ${path}`));
    }
    members.set(name, parseMember(name));
  } while (cursor.maybeTakeSymbol(","));
  cursor.takeSymbol("}", "RIGHT_CURLY");
  return members;
}

function parseMemberName(cursor: Cursor, path: string): string {
  const { kind, value } = cursor.current;
  if (kind === "string") return cursor.advance().value;
  if (kind !== "number" && kind !== "identifier" && kind !== "quoted") throw unexpected(cursor);
  const type = kind === "number" ? "NUMERIC" : "VariableReference";
  cursor.note(validationException(`Tuple keys must be of type String. Actual type: ${type} under ${path}`));
  cursor.advance();
  return value;
}

function parseBag(cursor: Cursor, path: string): AttributeValue {
  cursor.advance();
  const written: string[] = [];
  const elements: AttributeValue[] = [];
  if (!cursor.maybeTakeSymbol(">>")) {
    do {
      written.push(cursor.isSymbol("-") ? `-${cursor.ahead(1).value}` : cursor.current.value);
      elements.push(parseElement(cursor, `${path}[${elements.length}]`, 0));
    } while (cursor.maybeTakeSymbol(","));
    cursor.takeSymbol(">>", "RIGHT_DOUBLE_ANGLE_BRACKET");
  }
  return bagValue(cursor, elements, written, path);
}

function bagValue(
  cursor: Cursor, elements: readonly AttributeValue[], written: readonly string[], path: string,
): AttributeValue {
  const type = elements[0]?.type;
  const refuse = (message: string): AttributeValue => {
    cursor.note(validationException(message));
    return placeholder;
  };
  if (type === undefined) return refuse("Empty bags are not supported");
  if ((type !== "S" && type !== "N") || elements.some((element) => element.type !== type)) {
    return refuse("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
  }
  const members = elements.map(({ value }) => value as string);
  if (new Set(members).size < members.length) {
    const ending = type === "S" ? "." : `! under ${path}`;
    return refuse(
      `One or more parameter values were invalid: Input collection [${written.join(", ")}] ` +
        `contains duplicates${ending}`,
    );
  }
  return type === "S"
    ? { type: "SS", value: parseStringSet(members) }
    : { type: "NS", value: members.sort(compareNumbers) };
}
