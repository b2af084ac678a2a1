// NextToken: where the next page of a statement begins, bound to the statement and its parameters. Its text is
// base64 of: 16 bytes of a digest of the statement, two bytes for the read it stopped in, the key read last, encoded
// as an item. A token that is none, or whose key is no key of the table, is invalid; one of another statement does
// not match.
import { createHash } from "node:crypto";
import { equalBytes } from "@azimuth/foundation/bytes.ts";
import type { Item } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { decodeItem, encodeItem } from "@azimuth/model/item-codec.ts";
import type { KeyAttribute } from "@azimuth/model/table.ts";
import type { StatementRequest } from "./partiql-statements.ts";

export interface PagePosition {
  /** Of the statement's reads, from 0; 0 for a scan. */
  readonly read: number;
  readonly lastKey: Item;
}

const digestBytes = 16;
const headBytes = digestBytes + 2;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

export function encodeNextToken(request: StatementRequest, { read, lastKey }: PagePosition): string {
  const head = [digestOf(request), Buffer.from([read >> 8, read & 0xff])];
  return Buffer.concat([...head, encodeItem(lastKey)]).toString("base64");
}

export function decodeNextToken(
  token: string, request: StatementRequest, attributes: readonly KeyAttribute[],
): PagePosition {
  const bytes = base64.test(token) ? Buffer.from(token, "base64") : Buffer.alloc(0);
  if (bytes.length <= headBytes) throw invalidNextToken();
  if (!equalBytes(bytes.subarray(0, digestBytes), digestOf(request))) {
    throw validationException("NextToken does not match request");
  }
  const lastKey = decodeKey(bytes.subarray(headBytes));
  if (lastKey.size !== attributes.length || attributes.some(({ name, type }) => lastKey.get(name)?.type !== type)) {
    throw invalidNextToken();
  }
  return { read: bytes.readUInt16BE(digestBytes), lastKey };
}

export function invalidNextToken() {
  return validationException("Invalid NextToken");
}

/** Bytes of a client: what does not decode is an invalid token, not a broken invariant. */
function decodeKey(bytes: Uint8Array): Item {
  try {
    return decodeItem(bytes);
  } catch {
    throw invalidNextToken();
  }
}

function digestOf({ Statement: statement, Parameters: parameters = [] }: StatementRequest): Buffer {
  const text = JSON.stringify([statement, parameters]);
  return createHash("sha256").update(text).digest().subarray(0, digestBytes);
}
