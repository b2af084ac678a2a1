// One tokenizer for all five kinds of expression, because DynamoDB has one: the keywords of conditions are
// keywords in updates and projections too. A character that begins no token is a token of its own (kind
// "unknown"), which no rule of the grammar accepts; so every lexical error is a syntax error at that token.
// Invariant: tokens lie in order in the text, separated only by white space, and the last is "end" with text
// <EOF>.

export type TokenKind =
  | "name" | "name-placeholder" | "value-placeholder" | "index" | "keyword" | "symbol" | "unknown" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written; keywords in the writer's case. */
  readonly text: string;
  /** What the grammar compares: keywords in upper case, anything else as written. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const keywords: ReadonlySet<string> = new Set([
  "AND", "OR", "NOT", "IN", "BETWEEN", "SET", "ADD", "DELETE", "REMOVE",
]);

// In order of preference; sticky, so that each matches exactly at the current position.
const pattern = new RegExp(
  [
    "(?<space>[ \\t\\n\\r]+)",
    "(?<word>[A-Za-z][A-Za-z0-9_]*)",
    "(?<nameplaceholder>#[A-Za-z0-9_]+)",
    "(?<valueplaceholder>:[A-Za-z0-9_]+)",
    "(?<index>0|[1-9][0-9]*)",
    "(?<symbol><>|<=|>=|[=<>+\\-().,[\\]])",
    "(?<unknown>[^])",
  ].join("|"),
  "yu",
);

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) throw new Error("the tokenizer's last alternative matches any character");
    if (groups["space"] !== undefined) continue;
    const written = text.slice(start, pattern.lastIndex);
    tokens.push({ ...classify(groups, written), text: written, start, end: pattern.lastIndex });
  }
  tokens.push({ kind: "end", text: "<EOF>", value: "<EOF>", start: text.length, end: text.length });
  return tokens;
}

function classify(
  groups: Record<string, string | undefined>, written: string,
): { kind: TokenKind; value: string } {
  if (groups["word"] !== undefined) {
    const upper = written.toUpperCase();
    return keywords.has(upper) ? { kind: "keyword", value: upper } : { kind: "name", value: written };
  }
  if (groups["nameplaceholder"] !== undefined) return { kind: "name-placeholder", value: written };
  if (groups["valueplaceholder"] !== undefined) return { kind: "value-placeholder", value: written };
  if (groups["index"] !== undefined) return { kind: "index", value: written };
  if (groups["symbol"] !== undefined) return { kind: "symbol", value: written };
  return { kind: "unknown", value: written };
}

/**
 * The text around a token that DynamoDB quotes after `near:`: from the start of the token before it to the
 * end of the token after it, white space as written. The end of the text is no token here.
 */
export function textNear(text: string, tokens: readonly Token[], position: number): string {
  const before = tokens[Math.max(0, position - 1)];
  const after = tokens[Math.min(tokens.length - 1, position + 1)];
  return before === undefined || after === undefined ? "" : text.slice(before.start, after.end).trimEnd();
}
