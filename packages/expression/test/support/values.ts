// Short ways to write attribute values, items and bindings in tests, and to ask for the message of a refusal.
import assert from "node:assert/strict";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { Bindings } from "@azimuth/expression/bindings.ts";

type Members = Readonly<Record<string, AttributeValue>>;

export const text = (value: string): AttributeValue => ({ type: "S", value });
export const number = (value: number | string): AttributeValue => ({ type: "N", value: String(value) });
export const bytes = (...value: number[]): AttributeValue => ({ type: "B", value: Uint8Array.from(value) });
export const truth = (value: boolean): AttributeValue => ({ type: "BOOL", value });
export const nothing: AttributeValue = { type: "NULL", value: true };
export const list = (...value: AttributeValue[]): AttributeValue => ({ type: "L", value });
export const map = (members: Members): AttributeValue => ({ type: "M", value: item(members) });
export const texts = (...value: string[]): AttributeValue => ({ type: "SS", value });
export const numbers = (...value: string[]): AttributeValue => ({ type: "NS", value });
export const byteStrings = (...value: number[][]): AttributeValue => ({
  type: "BS", value: value.map((each) => Uint8Array.from(each)),
});

export function item(members: Members): Item {
  return new Map(Object.entries(members));
}

export function bind(values: Members = {}, names: Record<string, string> = {}): Bindings {
  return { names: new Map(Object.entries(names)), values: new Map(Object.entries(values)) };
}

/** The message of the ValidationException that `action` throws. */
export function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof DynamoDbException, `not a client's error: ${String(error)}`);
    assert.equal(error.type, "ValidationException");
    return error.message;
  }
  return assert.fail("it was accepted");
}
