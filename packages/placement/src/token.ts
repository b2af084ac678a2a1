// Tokens: where a partition key sits on the circle of 2^64 positions. A token is the first 8 bytes of the
// key's MD5, written as 16 lower-case hex digits, so that text order, byte order and number order are the
// same and no 64-bit arithmetic is needed to compare or to route.
//
// MD5 because it spreads short, similar keys evenly, is the same on every platform and version for ever
// (tokens are on disk), and comes natively with Node. It is used for spreading only; nothing relies on it
// being hard to invert. Ranges of tokens include both ends, so that the whole circle is [firstToken,
// lastToken] and no value above the last one is needed.
import { hash } from "node:crypto";
import { assert } from "@azimuth/foundation/assert.ts";

export const firstToken = "0000000000000000";
export const lastToken = "ffffffffffffffff";

/** Number of tokens, 2^64. */
const circle = 1n << 64n;

export interface TokenRange {
  readonly first: string;
  readonly last: string;
}

/** The token of a partition key's bytes (its stable encoding, chosen by the caller). */
export function tokenOf(partitionKey: Uint8Array): string {
  return hash("md5", partitionKey, "hex").slice(0, 16);
}

export function isToken(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The first token that begins with these hex digits, as people write tokens; undefined when they are no digits. */
export function tokenBeginningWith(digits: string): string | undefined {
  return /^[0-9a-f]{1,16}$/i.test(digits) ? digits.toLowerCase().padEnd(16, "0") : undefined;
}

/** Whether `token` is in [first, last], both included. */
export function tokenInRange(token: string, first: string, last: string): boolean {
  return token >= first && token <= last;
}

/** Divides [first, last] into `parts` adjacent ranges whose sizes differ by at most one token. */
export function splitTokenRange(first: string, last: string, parts: number): readonly TokenRange[] {
  assert(isToken(first) && isToken(last) && first <= last, `not a range of tokens: ${first} to ${last}`);
  assert(Number.isSafeInteger(parts) && parts >= 1, `a range cannot be split into ${parts} parts`);
  const start = tokenToNumber(first);
  const size = tokenToNumber(last) - start + 1n;
  assert(size >= BigInt(parts), "fewer tokens than parts");
  const boundary = (part: number): bigint => start + (size * BigInt(part)) / BigInt(parts);
  return Array.from({ length: parts }, (_, part) => ({
    first: numberToToken(boundary(part)),
    last: numberToToken(boundary(part + 1) - 1n),
  }));
}

/** The token after this one, or undefined after the last. */
export function nextToken(token: string): string | undefined {
  return token === lastToken ? undefined : numberToToken(tokenToNumber(token) + 1n);
}

/** The token before this one, or undefined before the first. */
export function previousToken(token: string): string | undefined {
  return token === firstToken ? undefined : numberToToken(tokenToNumber(token) - 1n);
}

export function tokenToNumber(token: string): bigint {
  assert(isToken(token), `not a token: ${token}`);
  return BigInt(`0x${token}`);
}

export function numberToToken(value: bigint): string {
  assert(value >= 0n && value < circle, "a token is below 2^64");
  return value.toString(16).padStart(16, "0");
}
