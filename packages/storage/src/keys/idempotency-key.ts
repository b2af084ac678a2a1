// Records of answered writes: "r" | generation (4 bytes) | table id (4 bytes) | token (8 bytes) | request
// token (16 bytes) → the outcome.
//
// A generation is a span of time: expired generations are dropped with one range delete each. Within one, a
// partition's records are contiguous, so they split and move with their partition; the table's id keeps them
// apart from those of another table's partition with the same tokens, which may come, go and be replaced on
// the same node.
import { assert } from "@azimuth/foundation/assert.ts";
import type { EngineReader } from "../engine.ts";
import { idempotencySpace } from "./spaces.ts";
import { tokenBytes, tokenRange, writeToken } from "./token-bytes.ts";

export const requestTokenBytes = 16;

const prefixBytes = 9;
const wordMax = 0xffffffff;

export function idempotencyKey(
  tableId: number,
  generation: number,
  token: string,
  requestToken: Uint8Array,
): Uint8Array {
  assert(requestToken.length === requestTokenBytes, `a request token has ${requestToken.length} bytes`);
  const key = Buffer.alloc(prefixBytes + tokenBytes + requestTokenBytes);
  key.set(recordPrefix(tableId, generation));
  writeToken(key, token, prefixBytes);
  key.set(requestToken, prefixBytes + tokenBytes);
  return key;
}

/** Where a table's records of one generation with tokens in [firstToken, lastToken], both included, lie. */
export function idempotencyRange(
  tableId: number,
  generation: number,
  firstToken: string,
  lastToken: string,
): { start: Uint8Array; end: Uint8Array } {
  return tokenRange(recordPrefix(tableId, generation), firstToken, lastToken);
}

/** The generations of which there are records of a range: a look or two for each that the engine holds of any range. */
export function generationsIn(
  reader: Pick<EngineReader, "iterate">,
  of: { readonly tableId: number; readonly firstToken: string; readonly lastToken: string },
  done: (generations: readonly number[]) => void,
): void {
  const end = Buffer.of(idempotencySpace + 1);
  const found: number[] = [];
  const lookAt = (generation: number): void => {
    if (generation > wordMax) return done(found);
    const range = idempotencyRange(of.tableId, generation, of.firstToken, of.lastToken);
    const iterator = reader.iterate({ start: range.start, end });
    iterator.next(1, ([first]) => {
      const key = first === undefined ? undefined : Buffer.from(first.key);
      iterator.close();
      if (key === undefined) return done(found);
      const isInRange = key.compare(range.end) < 0;
      if (isInRange) found.push(generation);
      // What lies behind the range may be of a later generation, and in front of its range there.
      lookAt(isInRange ? generation + 1 : Math.max(generation + 1, key.readUInt32BE(1)));
    });
  };
  lookAt(0);
}

function recordPrefix(tableId: number, generation: number): Uint8Array {
  for (const word of [tableId, generation]) {
    assert(Number.isInteger(word) && word >= 0 && word <= wordMax, "not a table id or generation");
  }
  const prefix = Buffer.alloc(prefixBytes);
  prefix[0] = idempotencySpace;
  prefix.writeUInt32BE(generation, 1);
  prefix.writeUInt32BE(tableId, 5);
  return prefix;
}
