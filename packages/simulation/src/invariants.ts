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
import { probe } from "@azimuth/foundation/probe.ts";
import type { Entry } from "@azimuth/raft/types.ts";
import type { NodeLife, World } from "./world.ts";

/** Replicas are numbered by the nodes that they are on and how often each had one: far below this in any run. */
const replicasMax = 2 ** 32;
const entriesPerLookMax = 1 << 20;

/** What must be the same of an entry wherever it is applied. */
interface AppliedEntry {
  readonly term: number;
  readonly kind: Entry["kind"];
  readonly checksum: number;
}

export class Invariants {
  /** Who led, by group and term. */
  readonly #leaders = new Map<string, number>();
  /** Groups that a running replica leads, as it believes, in the look under way. */
  readonly #led = new Set<number>();
  /** What each group's log holds, by index, as far as any replica has applied it. */
  readonly #chains = new Map<number, Map<number, AppliedEntry>>();
  /** How far each replica of a process's life was looked at. */
  readonly #compared = new WeakMap<NodeLife, Map<number, number>>();
  /** Entries compared so far. */
  entries = 0;

  inspect(world: World): void {
    this.#led.clear();
    for (const [name, { life }] of world.nodes) if (life !== undefined) this.#inspectNode(name, life);
  }

  #inspectNode(name: string, life: NodeLife): void {
    life.node.checkInvariants();
    const compared = this.#compared.get(life) ?? new Map<number, number>();
    this.#compared.set(life, compared);
    for (const status of life.node.status().groups) {
      const { group, replica, role, term, applied } = status;
      if (role === "leader") this.#noteLeader(group, term, replica);
      const key = group * replicasMax + replica;
      const before = compared.get(key) ?? 0;
      // A replica that begins to receive a snapshot has nothing applied until it is installed.
      assert(applied >= before || applied === 0, `${name} went back from entry ${before} to ${applied} of ${group}`);
      if (applied > before) this.#compareEntries(name, life, group, before, applied);
      compared.set(key, applied);
    }
  }

  #noteLeader(group: number, term: number, replica: number): void {
    if (this.#led.has(group)) probe("two replicas led a group at once, each by what it knew");
    this.#led.add(group);
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
    const chain = this.#chains.get(group) ?? new Map<number, AppliedEntry>();
    this.#chains.set(group, chain);
    for (let index = low; index < high; ) {
      const entries = log.entries(index, high, entriesPerLookMax);
      if (entries.length === 0) return;
      for (const entry of entries) this.#compareEntry(name, group, chain, entry);
      index += entries.length;
    }
  }

  #compareEntry(name: string, group: number, chain: Map<number, AppliedEntry>, entry: Entry): void {
    this.entries++;
    const { index, term, kind } = entry;
    const checksum = crc32(entry.data);
    const known = chain.get(index);
    if (known === undefined) chain.set(index, { term, kind, checksum });
    else if (known.term !== term || known.kind !== kind || known.checksum !== checksum) {
      const found = `${term} ${kind} ${checksum}, not ${known.term} ${known.kind} ${known.checksum}`;
      assert(false, `${name} applied another entry ${index} of group ${group}: ${found}`);
    }
  }
}
