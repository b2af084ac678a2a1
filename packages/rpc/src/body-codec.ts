// Bodies of requests, responses and notices: MessagePack of plain values. Records (msgpackr's own extension) are
// off, so that any MessagePack reader understands a body and no state is shared between messages. Integers up to
// 2^53 come back as numbers, byte strings as Uint8Array (Buffer).
import { Packr } from "msgpackr";
import type { Plain } from "./messages.ts";

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number", moreTypes: false });

/** `object` admits interfaces, which have no index signature and so are not assignable to Plain. */
export function encodeBody(plain: Plain | object): Uint8Array {
  return packr.pack(plain);
}

/** The caller names the shape it expects: bodies come from the same version of the same program. */
export function decodeBody<T = Plain>(bytes: Uint8Array): T {
  return packr.unpack(bytes) as T;
}
