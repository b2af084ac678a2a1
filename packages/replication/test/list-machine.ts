// A state machine for tests: a list. Each entry is put at its index, and a running hash in memory, rebuilt
// by `load`, tells whether replicas agree.
import { ByteReader, ByteWriter, fromUtf8, prefixEnd, utf8 } from "@azimuth/foundation/bytes.ts";
import type { ConfigState, Role } from "@azimuth/raft/types.ts";
import type { Engine, EngineReader, WriteOperation } from "@azimuth/storage/engine.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import type { AppliedEntry, KeyRange, StateMachine, StoredState } from "../src/state-machine.ts";

export class ListMachine implements StateMachine {
  readonly group: number;
  readonly #engine: Engine;
  readonly roles: { readonly role: Role; readonly leader: number; readonly term: number }[] = [];
  readonly configs: ConfigState[] = [];
  readonly readyTerms: number[] = [];
  visible = 0;
  loads = 0;
  /** Items as the memory of this machine has them; what `load` read plus what was applied since. */
  items: { readonly index: number; readonly text: string }[] = [];

  constructor(group: number, engine: Engine) {
    this.group = group;
    this.#engine = engine;
  }

  get texts(): string[] {
    return this.items.map((item) => item.text);
  }

  apply(entry: AppliedEntry, batch: WriteOperation[]): unknown {
    const last = this.items.at(-1);
    if (last !== undefined && last.index >= entry.index) throw new Error(`entry ${entry.index} applied twice`);
    batch.push({ kind: "put", key: itemKey(this.group, entry.index), value: entry.data });
    this.items.push({ index: entry.index, text: fromUtf8(entry.data) });
    return this.items.length;
  }

  appliedThrough(index: number): void {
    if (index < this.visible) throw new Error("the visible index went back");
    this.visible = index;
  }

  configChanged(config: ConfigState): void {
    this.configs.push(config);
  }

  roleChanged(role: Role, leader: number, term: number): void {
    this.roles.push({ role, leader, term });
  }

  leaderReady(term: number): void {
    this.readyTerms.push(term);
  }

  /** Each item that is visible by itself: who looks too early, or at too little, leaves the others behind. */
  remainsIn(reader: EngineReader, done: (ranges: readonly KeyRange[]) => void): void {
    readItems(reader, this.group, (items) => done(items.map(({ index }) => {
      const start = itemKey(this.group, index);
      return { start, end: Buffer.concat([start, Buffer.of(0)]) };
    })));
  }

  stateIn(_reader: EngineReader, done: (state: StoredState) => void): void {
    const prefix = groupPrefix(this.group);
    done({ ranges: [{ start: prefix, end: prefixEnd(prefix) as Uint8Array }], extent: "" });
  }

  mayReceive(): boolean {
    return true;
  }

  load(done: () => void): void {
    this.loads++;
    readItems(this.#engine, this.group, (items) => {
      this.items = items;
      this.visible = 0;
      done();
    });
  }
}

/** What the engine holds of a group, in order. */
export function readItems(
  reader: EngineReader,
  group: number,
  done: (items: { readonly index: number; readonly text: string }[]) => void,
): void {
  const prefix = groupPrefix(group);
  const items: { readonly index: number; readonly text: string }[] = [];
  const range = { start: prefix, end: prefixEnd(prefix) as Uint8Array, chunkBytes: 1 << 16 };
  walkRange(reader, range, (pairs) => {
    for (const { key, value } of pairs) {
      items.push({ index: new ByteReader(key, prefix.length).uint64(), text: fromUtf8(value) });
    }
  }, () => done(items));
}

/** A plain Uint8Array: `prefixEnd` copies with `slice`, which for a Buffer is a view. */
function groupPrefix(group: number): Uint8Array {
  return Uint8Array.from(new ByteWriter().raw(utf8("list")).uint64(group).finish());
}

export function itemKey(group: number, index: number): Uint8Array {
  return new ByteWriter().raw(groupPrefix(group)).uint64(index).finish();
}
