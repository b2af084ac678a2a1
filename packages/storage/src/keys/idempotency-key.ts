// Records of answered writes: "r" | generation (4 bytes) | token (8 bytes) | request token (16 bytes) → the outcome.
//
// A generation is a span of time: expired generations are dropped with one range delete each. Within one, a
// partition's records are contiguous, so they split and move with their partition.
import { assert } from "@azimuth/foundation/assert.ts";
import { idempotencySpace } from "./spaces.ts";
import { tokenBytes, tokenRange, writeToken } from "./token-bytes.ts";

export const requestTokenBytes = 16;

const prefixBytes = 5;
const generationMax = 0xffffffff;

export function idempotencyKey(generation: number, token: string, requestToken: Uint8Array): Uint8Array {
  assert(requestToken.length === requestTokenBytes, `a request token has ${requestToken.length} bytes`);
  const key = Buffer.alloc(prefixBytes + tokenBytes + requestTokenBytes);
  key.set(generationPrefix(generation));
  writeToken(key, token, prefixBytes);
  key.set(requestToken, prefixBytes + tokenBytes);
  return key;
}

/** Where the records of one generation with tokens in [firstToken, lastToken], both included, lie. */
export function idempotencyRange(
  generation: number,
  firstToken: string,
  lastToken: string,
): { start: Uint8Array; end: Uint8Array } {
  return tokenRange(generationPrefix(generation), firstToken, lastToken);
}

function generationPrefix(generation: number): Uint8Array {
  assert(Number.isInteger(generation) && generation >= 0 && generation <= generationMax, "not a generation");
  const prefix = Buffer.alloc(prefixBytes);
  prefix[0] = idempotencySpace;
  prefix.writeUInt32BE(generation, 1);
  return prefix;
}
