// What must hold at every moment, whatever is under way, judged from outside by looking at all processes at once:
//
// - every replica's own invariants, and the control plane's;
// - election safety: at most one replica leads a group in a term;
// - state-machine agreement: an entry that any replica has applied is the same on every replica that applies it;
// - the applied index of a replica never goes back while its process runs.
//
// The world calls `inspect` every thousand events or so. Entries are compared by term, kind and checksum, each
// once per life of a process, so that the cost grows with what was applied and not with time.
import { crc32 } from "node:zlib";
import { assert } from "@azimuth/foundation/assert.ts";
import type { Entry } from "@azimuth/raft/types.ts";
import type { NodeLife, World } from "./world.ts";

const entriesPerLookMax = 1 << 20;

export class Invariants {
  /** Who led, by group and term. */
  readonly #leaders = new Map<string, number>();
  /** What each group's log holds, by index, as far as any replica has applied it. */
  readonly #chains = new Map<number, Map<number, string>>();
  readonly #compared = new WeakMap<NodeLife, Map<string, number>>();
  /** Entries compared so far. */
  entries = 0;

  inspect(world: World): void {
    for (const [name, { life }] of world.nodes) if (life !== undefined) this.#inspectNode(name, life);
  }

  #inspectNode(name: string, life: NodeLife): void {
    life.node.checkInvariants();
    const compared = this.#compared.get(life) ?? new Map<string, number>();
    this.#compared.set(life, compared);
    for (const status of life.node.status().groups) {
      const { group, replica, role, term, applied } = status;
      if (role === "leader") this.#noteLeader(group, term, replica);
      const key = `${group}/${replica}`;
      const before = compared.get(key) ?? 0;
      // A replica that begins to receive a snapshot has nothing applied until it is installed.
      assert(applied >= before || applied === 0, `${name} went back from entry ${before} to ${applied} of ${group}`);
      if (applied > before) this.#compareEntries(name, life, group, before, applied);
      compared.set(key, applied);
    }
  }

  #noteLeader(group: number, term: number, replica: number): void {
    const key = `${group}/${term}`;
    const known = this.#leaders.get(key);
    assert(known === undefined || known === replica, `${known} and ${replica} both led group ${group} in term ${term}`);
    this.#leaders.set(key, replica);
  }

  #compareEntries(name: string, { logStore }: NodeLife, group: number, after: number, applied: number): void {
    const log = logStore.group(group);
    if (log === undefined) return;
    const low = Math.max(after + 1, log.firstIndex());
    const high = Math.min(applied, log.lastIndex()) + 1;
    const chain = this.#chains.get(group) ?? new Map<number, string>();
    this.#chains.set(group, chain);
    for (let index = low; index < high; ) {
      const entries = log.entries(index, high, entriesPerLookMax);
      if (entries.length === 0) return;
      for (const entry of entries) this.#compareEntry(name, group, chain, entry);
      index += entries.length;
    }
  }

  #compareEntry(name: string, group: number, chain: Map<number, string>, entry: Entry): void {
    this.entries++;
    const summary = `${entry.term} ${entry.kind} ${crc32(entry.data)}`;
    const known = chain.get(entry.index);
    if (known === undefined) chain.set(entry.index, summary);
    else {
      const what = `${name} applied another entry ${entry.index} of group ${group}`;
      assert(known === summary, `${what}: ${summary}, not ${known}`);
    }
  }
}
