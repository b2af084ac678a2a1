// Bodies of requests, responses and notices: MessagePack of plain values. Records (msgpackr's own extension) are
// off, so that any MessagePack reader understands a body and no state is shared between messages. Integers up to
// 2^53 come back as numbers, byte strings as Uint8Array (Buffer).
//
// Where a message enters a process its body is decoded with the shape it must have at least. What is inside the named
// members is trusted to come from the same version of the same program; bytes that are no such body are not.
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

/** A body that cannot be read, or lacks what every such body has. */
export class MalformedBody extends Error {
  override readonly name = "MalformedBody";
}

/** Members that must be there, by their types. */
export type BodyShape = Readonly<Record<string, "string" | "number" | "boolean" | "object" | "list" | "bytes">>;

/** Throws MalformedBody for anything else; numbers must be safe integers, not below 0. */
export function decodeShaped<T>(bytes: Uint8Array, shape: BodyShape): T {
  let body: unknown;
  try {
    body = packr.unpack(bytes);
  } catch (error) {
    throw new MalformedBody((error as Error).message);
  }
  expectShape(body, shape);
  return body as T;
}

/** Throws MalformedBody unless `value` is an object with these members. */
export function expectShape(value: unknown, shape: BodyShape): void {
  if (!isPlainObject(value)) throw new MalformedBody("a body, or a part of it, is no object");
  for (const name in shape) {
    if (!hasType(value[name], shape[name] as BodyShape[string])) throw new MalformedBody(`a body has no ${name}`);
  }
}

function hasType(value: unknown, type: BodyShape[string]): boolean {
  switch (type) {
    case "number":
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case "object":
      return isPlainObject(value);
    case "list":
      return Array.isArray(value);
    case "bytes":
      return value instanceof Uint8Array;
    default:
      return typeof value === type;
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
