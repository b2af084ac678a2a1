// Encoded items straight to the JSON text of a response: the fast path of GetItem, Query and Scan. Nothing is
// built in between; text that needs no escape is copied, the rest goes through JSON.stringify.
import { valueTag } from "./value-tags.ts";
import { createReader, type EncodedReader } from "./value-reader.ts";

/** What JSON must escape; well-formed text comes out of UTF-8, so lone surrogates cannot occur. */
// oxlint-disable-next-line no-control-regex
const needsEscape = /["\\\u0000-\u001f]/;

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
    if (names.includes(name)) parts.push(`${jsonText(name)}:${value}`);
  }
  return `{${parts.join(",")}}`;
}

/** JSON text of a string. */
export function jsonText(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function attributesJson(reader: EncodedReader): string {
  let text = "{";
  for (let rest = reader.varint(); rest > 0; rest--) {
    text += `${jsonText(reader.name())}:`;
    text += valueJson(reader);
    if (rest > 1) text += ",";
  }
  return `${text}}`;
}

function valueJson(reader: EncodedReader): string {
  const tag = reader.byte();
  switch (tag) {
    case valueTag.S:
      return `{"S":${jsonText(reader.text())}}`;
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
      return `{"SS":${elementsJson(reader, (from) => jsonText(from.text()))}}`;
    case valueTag.NS:
      return `{"NS":${elementsJson(reader, (from) => `"${from.ascii()}"`)}}`;
    case valueTag.BS:
      return `{"BS":${elementsJson(reader, binaryJson)}}`;
    default:
      return reader.corrupt(`value tag ${tag}`);
  }
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
