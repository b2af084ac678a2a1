// Group 0 as the replication host sees it: entries become records in the engine and in memory, on every
// replica alike. Deciding is elsewhere (control-plane.ts); this half only follows the log.
//
// On disk every record is one key; beside them stands the revision, the index of the last entry that changed
// anything, written in the same batch.
import { assert } from "@azimuth/foundation/assert.ts";
import type { AppliedEntry } from "@azimuth/replication/state-machine.ts";
import type { Engine, WriteOperation } from "@azimuth/storage/engine.ts";
import { controlKey, controlRange, decodeControlKey } from "@azimuth/storage/keys/control-key.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { decodeEffects, decodeValue, encodeValue, type ControlEffect, type PutEffect } from "./control-records.ts";
import { ControlState } from "./control-state.ts";
import { ChangeHistory } from "./map-view.ts";

const revisionKind = "revision";
const revisionKey = controlKey(revisionKind, "last");
const loadChunkBytes = 1 << 20;

export class ControlMachine {
  readonly state = new ControlState();
  readonly history = new ChangeHistory();
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The effects of a committed entry, as engine writes and in memory. */
  apply(entry: AppliedEntry, batch: WriteOperation[]): void {
    // What a new leader appends to begin its term.
    if (entry.data.length === 0) return;
    assert(entry.index > this.history.revision, "entries are applied in the order of the log");
    const effects = decodeEffects(entry.data);
    for (const effect of effects) batch.push(writeOf(effect));
    batch.push({ kind: "put", key: revisionKey, value: encodeValue(entry.index) });
    this.state.apply(effects);
    this.history.add(entry.index, effects);
  }

  /** The earlier state stays until all is read: to those who ask for the map, half a state would tell of deletions. */
  load(done: () => void): void {
    const effects: ControlEffect[] = [];
    let revision = 0;
    walkRange(this.#engine, { ...controlRange(), chunkBytes: loadChunkBytes }, (pairs) => {
      for (const { key, value } of pairs) {
        const { kind, id } = decodeControlKey(key);
        if (kind === revisionKind) revision = decodeValue(value) as number;
        else effects.push({ kind: "put", record: kind, id, value: decodeValue(value) } as PutEffect);
      }
    }, () => {
      this.state.clear();
      this.state.apply(effects);
      this.history.reset(revision);
      done();
    });
  }
}

function writeOf(effect: ControlEffect): WriteOperation {
  const key = controlKey(effect.record, effect.id);
  if (effect.kind === "delete") return { kind: "delete", key };
  return { kind: "put", key, value: encodeValue(effect.value) };
}
