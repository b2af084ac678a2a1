// Tokens in keys: a token is 16 lower-case hex digits in memory and 8 bytes on disk, in the same order.
import { assert } from "@azimuth/foundation/assert.ts";

export const tokenBytes = 8;

const lastToken = "ffffffffffffffff";

export function writeToken(key: Buffer, token: string, offset: number): void {
  const written = token.length === 2 * tokenBytes ? key.write(token, offset, tokenBytes, "hex") : 0;
  assert(written === tokenBytes, `not a token: ${token}`);
}

export function readToken(key: Uint8Array, offset: number): string {
  assert(key.length >= offset + tokenBytes, "the key is too short to hold a token");
  return Buffer.from(key.buffer, key.byteOffset + offset, tokenBytes).toString("hex");
}

/** The keys of one prefix whose token lies in [first, last], both included, as a range [start, end). */
export function tokenRange(prefix: Uint8Array, first: string, last: string): { start: Uint8Array; end: Uint8Array } {
  assert(first <= last, `the token range ${first}…${last} is inverted`);
  const start = Buffer.alloc(prefix.length + tokenBytes);
  start.set(prefix);
  writeToken(start, first, prefix.length);
  const end = Buffer.alloc(last === lastToken ? prefix.length : prefix.length + tokenBytes);
  end.set(prefix);
  if (last !== lastToken) writeToken(end, last, prefix.length);
  increment(end);
  return { start, end };
}

/** Adds one to the bytes read as a big-endian number: the first key after all those with this prefix. */
function increment(bytes: Buffer): void {
  for (let at = bytes.length - 1; at >= 0; at--) {
    bytes[at] = ((bytes[at] as number) + 1) & 0xff;
    if (bytes[at] !== 0) return;
  }
  assert(false, "no key follows a prefix of 0xff bytes");
}
