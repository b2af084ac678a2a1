// The bytes of a configuration change in a log entry:
// format 1 | kind | varint count | count × (step kind, varint replica) | context with its length.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";
import type { ConfigChange, ConfigChangeStep } from "../types.ts";

const format = 1;
const kinds = ["change", "leave"] as const;
const stepKinds = ["add-voter", "add-learner", "remove"] as const;
/** More steps than any sensible change; protects the reader against a corrupt count. */
const stepsMax = 64;

export function encodeConfigChange(change: ConfigChange): Uint8Array {
  assert(change.steps.length <= stepsMax, "too many steps in a configuration change");
  const writer = new ByteWriter(32 + change.context.length);
  writer.uint8(format).uint8(kinds.indexOf(change.kind)).varint(change.steps.length);
  for (const step of change.steps) writer.uint8(stepKinds.indexOf(step.kind)).varint(step.replica);
  return writer.bytes(change.context).finish();
}

export function decodeConfigChange(data: Uint8Array): ConfigChange {
  const reader = new ByteReader(data);
  assert(reader.uint8() === format, "unknown format of a configuration change");
  const kind = kinds[reader.uint8()];
  const count = reader.varint();
  assert(kind !== undefined && count <= stepsMax, "corrupt configuration change");
  const steps: ConfigChangeStep[] = [];
  for (let i = 0; i < count; i++) {
    const stepKind = stepKinds[reader.uint8()];
    assert(stepKind !== undefined, "unknown step of a configuration change");
    steps.push({ kind: stepKind, replica: reader.varint() });
  }
  const context = reader.bytes();
  assert(reader.remaining === 0, "bytes left after a configuration change");
  return { kind, steps, context };
}
