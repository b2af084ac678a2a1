// Reads protobuf's wire format: a cursor over one buffer that callers drive field by field:
//   const outer = reader.enter(); while (reader.next()) switch (reader.field) { … default: reader.skip() }
//   reader.leave(outer);
// Byte fields come back as views of the input, not copies. Whatever the bytes are, a reader returns values of
// the right type or throws MalformedFrame, and never reads outside the innermost message it has entered.

const maximumSafe = Number.MAX_SAFE_INTEGER;
const shortTextLength = 24;

export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireLengthDelimited = 2;
export const wireFixed32 = 5;

/** Bytes that are not the message they should be. Caught where frames arrive, and nowhere else. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

export class ProtobufReader {
  readonly #buffer: Buffer;
  #offset = 0;
  #end: number;
  /** Number and wire type of the field that `next` found. */
  field = 0;
  #wire = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.#end = buffer.length;
  }

  /** Reads the next tag; false at the end of the current message. */
  next(): boolean {
    if (this.#offset >= this.#end) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    return true;
  }

  /** Enters the nested message of the current field; give what it returns to `leave`. */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#offset + length;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  integer(): number {
    this.#expect(wireVarint);
    return this.#varint();
  }

  boolean(): boolean {
    return this.integer() !== 0;
  }

  fixed32(): number {
    this.#expect(wireFixed32);
    const offset = this.#advance(4);
    return this.#buffer.readUInt32LE(offset);
  }

  /** A view that shares memory with the input. */
  bytes(): Uint8Array {
    const length = this.#length();
    const offset = this.#advance(length);
    return this.#buffer.subarray(offset, offset + length);
  }

  text(): string {
    const length = this.#length();
    const start = this.#advance(length);
    const end = start + length;
    if (length > shortTextLength) return this.#buffer.toString("utf8", start, end);
    let result = "";
    for (let i = start; i < end; i++) {
      const code = this.#buffer[i] as number;
      if (code > 0x7f) return this.#buffer.toString("utf8", start, end);
      result += String.fromCharCode(code);
    }
    return result;
  }

  /** Repeated integers, packed or one by one. */
  integersInto(values: number[]): void {
    if (this.#wire === wireVarint) {
      values.push(this.#varint());
      return;
    }
    const outer = this.enter();
    while (this.#offset < this.#end) values.push(this.#varint());
    this.leave(outer);
  }

  /** Passes over a field that is not known: a newer process may send one. */
  skip(): void {
    switch (this.#wire) {
      case wireVarint:
        this.#skipVarint();
        return;
      case wireFixed64:
        this.#advance(8);
        return;
      case wireLengthDelimited:
        this.#advance(this.#length());
        return;
      case wireFixed32:
        this.#advance(4);
        return;
      default:
        throw new MalformedFrame(`wire type ${this.#wire}`);
    }
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw new MalformedFrame(`field ${this.field} has wire type ${this.#wire}`);
  }

  #length(): number {
    this.#expect(wireLengthDelimited);
    const length = this.#varint();
    if (length > this.#end - this.#offset) throw new MalformedFrame("a length reaches past the end");
    return length;
  }

  #advance(length: number): number {
    const offset = this.#offset;
    if (length > this.#end - offset) throw new MalformedFrame("a field reaches past the end");
    this.#offset = offset + length;
    return offset;
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count++) {
      if (this.#byte() < 0x80) return;
    }
    throw new MalformedFrame("a varint is too long");
  }

  #varint(): number {
    let value = this.#byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    let scale = 0x80;
    for (let count = 1; count < 10; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value > maximumSafe) throw new MalformedFrame("an integer is above the safe integers");
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new MalformedFrame("a varint is too long");
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw new MalformedFrame("a varint reaches past the end");
    return this.#buffer[this.#offset++] as number;
  }
}
