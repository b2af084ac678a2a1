// The tokenizer. Comments and white space separate tokens; a character that begins none, an unclosed quote or an
// unclosed comment ends everything with a bare "wasn't well formed". A sign is never part of a number here.
// Invariant: the last token is "end", and every token knows its place for the errors that name one.
import { keywords } from "./keywords.ts";
import { notWellFormed } from "./statement-error.ts";
import type { Place } from "./statement-error.ts";

export type TokenKind =
  | "identifier" | "quoted" | "keyword" | "string" | "number" | "symbol" | "parameter" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** Identifiers as written, without quotes; keywords in lower case; strings unescaped; others as written. */
  readonly value: string;
  readonly place: Place;
}

// In order of preference; sticky, so that each matches exactly at the current position.
const pattern = new RegExp(
  [
    "(?<space>[\\s]+|--[^\\r\\n]*|/\\*[^]*?\\*/)",
    "(?<word>[A-Za-z_$\\u0080-\\u{10ffff}][A-Za-z0-9_$\\u0080-\\u{10ffff}]*)",
    "(?<quoted>\"(?:[^\"]|\"\")*\")",
    "(?<string>'(?:[^']|'')*')",
    "(?<number>(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
    "(?<parameter>\\?)",
    "(?<symbol><<|>>|<>|<=|>=|!=|\\|\\||[=<>+\\-*/%(){}\\[\\].,:;])",
  ].join("|"),
  "yu",
);

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let column = 1;
  for (let start = 0; start < text.length; start = pattern.lastIndex) {
    pattern.lastIndex = start;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined || text.startsWith("/*", start) && groups["space"] === undefined) throw notWellFormed("");
    const written = text.slice(start, pattern.lastIndex);
    const place = { line, column, length: lengthOf(written) };
    const classified = classify(groups);
    if (classified !== undefined) {
      tokens.push({ ...classified, place });
    }
    const lines = written.split("\n");
    line += lines.length - 1;
    column = lines.length === 1 ? column + place.length : lengthOf(lines.at(-1) as string) + 1;
  }
  tokens.push({ kind: "end", value: "", place: { line, column, length: 0 } });
  return tokens;
}

function classify(groups: Record<string, string | undefined>): Pick<Token, "kind" | "value"> | undefined {
  const { word, quoted, string, number, parameter, symbol } = groups;
  if (word !== undefined) {
    const lower = word.toLowerCase();
    return keywords.has(lower) ? { kind: "keyword", value: lower } : { kind: "identifier", value: word };
  }
  if (quoted !== undefined) return { kind: "quoted", value: quoted.slice(1, -1).replaceAll('""', '"') };
  if (string !== undefined) return { kind: "string", value: string.slice(1, -1).replaceAll("''", "'") };
  if (number !== undefined) return { kind: "number", value: number };
  if (parameter !== undefined) return { kind: "parameter", value: "?" };
  return symbol === undefined ? undefined : { kind: "symbol", value: symbol };
}

/** Characters, not UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
