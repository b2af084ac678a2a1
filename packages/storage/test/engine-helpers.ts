// Promises around the callback-style engine, for tests.
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { Engine, EngineIterator, EngineReader, IterateOptions, KeyValue, WriteOperation } from "../src/engine.ts";

export function put(key: string, value: string): WriteOperation {
  return { kind: "put", key: utf8(key), value: utf8(value) };
}

export function del(key: string): WriteOperation {
  return { kind: "delete", key: utf8(key) };
}

export function deleteRange(start: string, end: string): WriteOperation {
  return { kind: "delete-range", start: utf8(start), end: utf8(end) };
}

export function write(engine: Engine, ...operations: readonly WriteOperation[]): Promise<void> {
  return new Promise((resolve) => engine.write(operations, resolve));
}

export function flush(engine: Engine): Promise<void> {
  return new Promise((resolve) => engine.flush(resolve));
}

export function close(engine: Engine): Promise<void> {
  return new Promise((resolve) => engine.close(resolve));
}

export function getMany(
  reader: EngineReader,
  keys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  return new Promise((resolve) => reader.get(keys, resolve));
}

export async function get(reader: EngineReader, key: string): Promise<string | undefined> {
  const [value] = await getMany(reader, [utf8(key)]);
  return value === undefined ? undefined : fromUtf8(value);
}

export function next(iterator: EngineIterator, bytesMax: number): Promise<readonly KeyValue[]> {
  return new Promise((resolve) => iterator.next(bytesMax, resolve));
}

export async function collect(
  reader: EngineReader,
  options: IterateOptions,
  bytesMax = 1 << 20,
): Promise<readonly KeyValue[]> {
  return drain(reader.iterate(options), bytesMax);
}

export async function drain(iterator: EngineIterator, bytesMax = 1 << 20): Promise<readonly KeyValue[]> {
  const all: KeyValue[] = [];
  for (;;) {
    const pairs = await next(iterator, bytesMax);
    if (pairs.length === 0) break;
    all.push(...pairs);
  }
  iterator.close();
  return all;
}

/** Pairs of [start, end) as "key=value" texts. */
export async function texts(
  reader: EngineReader,
  start: string,
  end: string,
  reverse = false,
): Promise<readonly string[]> {
  return asTexts(await collect(reader, { start: utf8(start), end: utf8(end), reverse }));
}

export function asTexts(pairs: readonly KeyValue[]): readonly string[] {
  return pairs.map(({ key, value }) => `${fromUtf8(key)}=${fromUtf8(value)}`);
}
