// Encoded items straight to the JSON text of a response: the fast path of GetItem, Query and Scan. No item is built:
// the bytes of names and texts are copied into one scratch buffer between the punctuation of JSON, and the whole
// becomes a string at once (half the time of joining many small strings). Text with anything to escape takes the
// way through JSON.stringify. As in value-writer.ts the buffer is module state: nothing here is re-entered.
import { valueTag } from "./value-tags.ts";
import { createReader, type EncodedReader } from "./value-reader.ts";

let scratch = Buffer.allocUnsafe(64 * 1024);
let position = 0;

/** `{"name":{"S":"text"},…}` */
export function encodedItemToJson(bytes: Uint8Array): string {
  position = 0;
  writeAttributes(createReader(bytes, 4));
  return finish();
}

/** A JSON array of the items. */
export function encodedItemsToJson(items: readonly Uint8Array[]): string {
  position = 0;
  writeByte(squareOpen);
  items.forEach((bytes, index) => {
    if (index > 0) writeByte(comma);
    writeAttributes(createReader(bytes, 4));
  });
  writeByte(squareClose);
  return finish();
}

/** Longest text copied byte by byte while it is searched; above, one native copy follows the search. */
const shortText = 64;

const quote = 0x22;
const comma = 0x2c;
const squareOpen = 0x5b;
const backslash = 0x5c;
const squareClose = 0x5d;
const curlyOpen = 0x7b;
const curlyClose = 0x7d;
const firstPrintable = 0x20;

const open = {
  S: Buffer.from('{"S":'),
  N: Buffer.from('{"N":'),
  B: Buffer.from('{"B":'),
  L: Buffer.from('{"L":'),
  M: Buffer.from('{"M":'),
  SS: Buffer.from('{"SS":'),
  NS: Buffer.from('{"NS":'),
  BS: Buffer.from('{"BS":'),
};
const trueJson = Buffer.from('{"BOOL":true}');
const falseJson = Buffer.from('{"BOOL":false}');
const nullJson = Buffer.from('{"NULL":true}');

function finish(): string {
  return scratch.toString("utf8", 0, position);
}

function reserve(length: number): void {
  if (position + length <= scratch.length) return;
  const grown = Buffer.allocUnsafe(Math.max(position + length, scratch.length * 2));
  scratch.copy(grown, 0, 0, position);
  scratch = grown;
}

function writeByte(byte: number): void {
  reserve(1);
  scratch[position++] = byte;
}

function writeAll(bytes: Uint8Array): void {
  const { length } = bytes;
  reserve(length);
  for (let at = 0; at < length; at++) scratch[position + at] = bytes[at]!;
  position += length;
}

function writeAttributes(reader: EncodedReader): void {
  writeByte(curlyOpen);
  for (let rest = reader.varint(); rest > 0; rest--) {
    writeAll(reader.nameJson());
    writeValue(reader);
    if (rest > 1) writeByte(comma);
  }
  writeByte(curlyClose);
}

function writeValue(reader: EncodedReader): void {
  const tag = reader.byte();
  switch (tag) {
    case valueTag.S:
      return writeWrapped(open.S, reader, writeText);
    case valueTag.N:
      return writeWrapped(open.N, reader, writeText);
    case valueTag.B:
      return writeWrapped(open.B, reader, writeBinary);
    case valueTag.true:
      return writeAll(trueJson);
    case valueTag.false:
      return writeAll(falseJson);
    case valueTag.NULL:
      return writeAll(nullJson);
    case valueTag.M:
      return writeWrapped(open.M, reader, writeAttributes);
    case valueTag.L:
      return writeList(open.L, reader, writeValue);
    case valueTag.SS:
      return writeList(open.SS, reader, writeText);
    case valueTag.NS:
      return writeList(open.NS, reader, writeText);
    case valueTag.BS:
      return writeList(open.BS, reader, writeBinary);
    default:
      return reader.corrupt(`value tag ${tag}`);
  }
}

function writeWrapped(opening: Uint8Array, reader: EncodedReader, write: (reader: EncodedReader) => void): void {
  writeAll(opening);
  write(reader);
  writeByte(curlyClose);
}

function writeList(opening: Uint8Array, reader: EncodedReader, write: (reader: EncodedReader) => void): void {
  writeAll(opening);
  writeByte(squareOpen);
  for (let rest = reader.varint(); rest > 0; rest--) {
    write(reader);
    if (rest > 1) writeByte(comma);
  }
  writeByte(squareClose);
  writeByte(curlyClose);
}

/** The next text, quoted. */
function writeText(reader: EncodedReader): void {
  const length = reader.varint();
  const end = reader.take(length);
  const start = end - length;
  reserve(length + 2);
  const copied = length <= shortText ? copyShort(reader.buffer, start, end) : copyLong(reader.buffer, start, end);
  if (!copied) writeEscaped(reader.buffer.toString("utf8", start, end));
}

/** False, and nothing written, when there is something to escape. */
function copyShort(source: Buffer, start: number, end: number): boolean {
  let to = position;
  scratch[to++] = quote;
  for (let at = start; at < end; at++) {
    const byte = source[at]!;
    if (mustEscape(byte)) return false;
    scratch[to++] = byte;
  }
  scratch[to++] = quote;
  position = to;
  return true;
}

function copyLong(source: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (mustEscape(source[at]!)) return false;
  scratch[position++] = quote;
  position += source.copy(scratch, position, start, end);
  scratch[position++] = quote;
  return true;
}

function mustEscape(byte: number): boolean {
  return byte < firstPrintable || byte === quote || byte === backslash;
}

function writeEscaped(text: string): void {
  const json = JSON.stringify(text);
  reserve(json.length * 3);
  position += scratch.write(json, position, "utf8");
}

function writeBinary(reader: EncodedReader): void {
  const length = reader.varint();
  const end = reader.take(length);
  const text = reader.buffer.toString("base64", end - length, end);
  reserve(text.length + 2);
  scratch[position++] = quote;
  position += scratch.write(text, position, "latin1");
  scratch[position++] = quote;
}
