// Encoded items straight to the JSON text of a response: the fast path of GetItem, Query and Scan. Nothing is
// built in between; text without anything to escape is copied, the rest goes through JSON.stringify.
import { valueTag } from "./value-tags.ts";
import { createReader, type EncodedReader } from "./value-reader.ts";

/** `{"name":{"S":"text"},…}` */
export function encodedItemToJson(bytes: Uint8Array): string {
  return attributesJson(createReader(bytes, 4));
}

/** Only the attributes of these names, e.g. a key out of an item. */
export function encodedAttributesToJson(bytes: Uint8Array, names: readonly string[]): string {
  const reader = createReader(bytes, 4);
  const parts: string[] = [];
  for (let rest = reader.varint(); rest > 0; rest--) {
    const name = reader.name();
    const value = valueJson(reader);
    if (names.includes(name)) parts.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${parts.join(",")}}`;
}

function attributesJson(reader: EncodedReader): string {
  let text = "{";
  for (let rest = reader.varint(); rest > 0; rest--) {
    text += reader.nameJson();
    text += valueJson(reader);
    if (rest > 1) text += ",";
  }
  return `${text}}`;
}

function valueJson(reader: EncodedReader): string {
  const tag = reader.byte();
  switch (tag) {
    case valueTag.S:
      return `{"S":${textJson(reader)}}`;
    case valueTag.N:
      return `{"N":"${reader.ascii()}"}`;
    case valueTag.B:
      return `{"B":${binaryJson(reader)}}`;
    case valueTag.true:
      return `{"BOOL":true}`;
    case valueTag.false:
      return `{"BOOL":false}`;
    case valueTag.NULL:
      return `{"NULL":true}`;
    case valueTag.L:
      return `{"L":${elementsJson(reader, valueJson)}}`;
    case valueTag.M:
      return `{"M":${attributesJson(reader)}}`;
    case valueTag.SS:
      return `{"SS":${elementsJson(reader, textJson)}}`;
    case valueTag.NS:
      return `{"NS":${elementsJson(reader, (from) => `"${from.ascii()}"`)}}`;
    case valueTag.BS:
      return `{"BS":${elementsJson(reader, binaryJson)}}`;
    default:
      return reader.corrupt(`value tag ${tag}`);
  }
}

/** The next text, quoted. Well-formed text comes out of UTF-8, so there are no lone surrogates to escape. */
function textJson(reader: EncodedReader): string {
  const length = reader.varint();
  const end = reader.take(length);
  const text = reader.buffer.toString("utf8", end - length, end);
  return mustEscape(reader.buffer, end - length, end) ? JSON.stringify(text) : `"${text}"`;
}

function mustEscape(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = buffer[at]!;
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) return true;
  }
  return false;
}

function binaryJson(reader: EncodedReader): string {
  const length = reader.varint();
  const end = reader.take(length);
  return `"${reader.buffer.toString("base64", end - length, end)}"`;
}

function elementsJson(reader: EncodedReader, element: (reader: EncodedReader) => string): string {
  let text = "[";
  for (let rest = reader.varint(); rest > 0; rest--) {
    text += element(reader);
    if (rest > 1) text += ",";
  }
  return `${text}]`;
}
