// How far a group's log is applied on this node: "a" | group (8 bytes) → index, term and configuration.
//
// Written in the same batch as the effects of the entries it counts, so that after a crash the state and this
// record always agree, and the log is applied again from exactly the next entry.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";
import type { ConfigState } from "@azimuth/raft/types.ts";
import { readConfig, writeConfig } from "../config-codec.ts";
import { decodeGroupKey, groupKey } from "./group-key.ts";
import { appliedSpace } from "./spaces.ts";

export interface AppliedState {
  /** The last entry whose effects are in the engine. */
  readonly index: number;
  readonly term: number;
  /** The configuration as of that entry. */
  readonly config: ConfigState;
}

export function appliedKey(group: number): Uint8Array {
  return groupKey(appliedSpace, group);
}

/** Of all groups. */
export function appliedRange(): { start: Uint8Array; end: Uint8Array } {
  return { start: Uint8Array.of(appliedSpace), end: Uint8Array.of(appliedSpace + 1) };
}

export function decodeAppliedKey(key: Uint8Array): number {
  return decodeGroupKey(appliedSpace, key);
}

export function encodeAppliedState(state: AppliedState): Uint8Array {
  const writer = new ByteWriter(48).varint(state.index).varint(state.term);
  writeConfig(writer, state.config);
  return writer.finish();
}

export function decodeAppliedState(value: Uint8Array): AppliedState {
  const reader = new ByteReader(value);
  const state = { index: reader.varint(), term: reader.varint(), config: readConfig(reader) };
  assert(reader.remaining === 0, "an applied state has bytes after its end");
  return state;
}
