// The node's log over the files door: one synced write for each append, however many groups it holds.
//
// An append becomes one frame (log-format.ts) at the end of the last segment; when it is durable, the groups in memory
// take it over and the caller is told. A full segment is followed by a new one, whose header is written in the
// same synced write as its first frame: there is no moment at which the log has a hole.
//
// The oldest segment goes when nothing in it is live. If idle groups hold on to it while most of the log
// is dead, their live entries are written once more, a little with each append, so that the disk in use stays
// within a few segments of twice what is live.
//
// Invariants: one append at a time; sequence numbers have no gap; segments are deleted oldest first.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { Entry } from "@azimuth/raft/types.ts";
import type { Files } from "./files.ts";
import { encodeFrame, encodeSegmentHeader, type EncodedFrame } from "./log-format.ts";
import { EntryCache, StoredGroup, type Segment, type Slot } from "./log-group.ts";
import { emptySection, planWrites, type PlannedSection } from "./log-plan.ts";
import { recoverLog, segmentName, writeCleanClose, type RecoveredLog } from "./log-recovery.ts";
import type { GroupId, GroupLog, GroupWrite, LogStore } from "./log-store.ts";

const defaultSegmentBytes = 16 * 1024 * 1024;
const defaultCacheBytes = 64 * 1024 * 1024;
/** Data moved out of the oldest segment by one append. */
const rewriteBytesPerAppend = 256 * 1024;
/** With fewer segments nothing is rewritten. */
const segmentsKeptMin = 3;

export interface LogStoreOptions {
  readonly files: Files;
  readonly log: Logger;
  readonly onFatal: (error: Error) => void;
  readonly segmentBytes?: number;
  /** Bound of the entry data kept in memory, over all groups. */
  readonly cacheBytes?: number;
}

/** Opens the log and recovers it; throws if the files cannot be read. */
export function createLogStore(options: LogStoreOptions): LogStore {
  return new Store(options);
}

class Store implements LogStore {
  readonly #options: LogStoreOptions;
  readonly #segmentBytes: number;
  readonly #cache: EntryCache;
  readonly #log: RecoveredLog;
  #nextSequence: number;
  #nextSegmentNumber: number;
  #mustRoll: boolean;
  /** Live entries of the oldest segment that are to be moved: group, then indexes in descending order. */
  #toRewrite: { readonly group: number; readonly indexes: number[] }[] = [];
  #underWay = false;
  #closed = false;
  #appends = 0;

  constructor(options: LogStoreOptions) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
    this.#cache = new EntryCache(options.cacheBytes ?? defaultCacheBytes, options.onFatal);
    this.#log = recoverLog(options.files, this.#cache);
    this.#nextSequence = this.#log.nextSequence;
    this.#nextSegmentNumber = this.#log.nextSegmentNumber;
    // After damage a new segment begins with the list of the groups concerned, before an older one may go.
    const damaged = this.#log.corrupted.size > 0;
    this.#mustRoll = damaged || this.#log.lastIsClosed || this.#log.segments.length === 0;
    for (const [group, reason] of this.#log.corrupted) {
      options.log.error("synced log records are damaged", { group, reason });
    }
    if (this.lostRecords !== undefined) options.log.error("log records are lost", { reason: this.lostRecords });
    if (!damaged) this.#deleteDeadSegments();
  }

  groups(): readonly GroupLog[] {
    return [...this.#log.groups.values()];
  }

  group(id: GroupId): GroupLog | undefined {
    return this.#log.groups.get(id);
  }

  wasRemoved(group: GroupId, replica: number): boolean {
    return this.#log.tombstones.has(group, replica);
  }

  get corrupted(): readonly { readonly group: GroupId; readonly reason: string }[] {
    return [...this.#log.corrupted].map(([group, reason]) => ({ group, reason }));
  }

  get lostRecords(): string | undefined {
    return this.#log.lostRecords;
  }

  append(writes: readonly GroupWrite[], done: () => void): void {
    assert(!this.#closed, "the log store is closed");
    assert(!this.#underWay, "an append is under way");
    this.#underWay = true;
    const planned = planWrites(writes, {
      group: (id) => this.#log.groups.get(id),
      tombstonesOf: (group) => this.#log.tombstones.of(group),
      isCorrupted: (group) => this.#log.corrupted.has(group),
    });
    const rolls = this.#mustRoll || this.#current().size >= this.#segmentBytes;
    // Rewritten entries come first: they belong to the state before these writes.
    const sections = [...(rolls ? this.#damageNotes() : []), ...this.#takeRewrites(), ...planned];
    const frame = encodeFrame(this.#nextSequence, sections);
    const header = rolls ? this.#roll() : undefined;
    const segment = this.#current();
    const frameOffset = segment.size + (header?.length ?? 0);
    const parts = header === undefined ? frame.parts : [header, ...frame.parts];
    segment.file.appendSynced(parts, (error) => {
      if (error !== undefined) return this.#options.onFatal(error);
      segment.size = frameOffset + frame.bytes;
      this.#nextSequence++;
      this.#appends++;
      this.#apply(sections, frame, segment, frameOffset);
      this.#underWay = false;
      this.#deleteDeadSegments();
      if (this.#closed) this.#finishClose();
      else done();
    });
  }

  #current(): Segment {
    return this.#log.segments.at(-1) as Segment;
  }

  /** Begins a new segment; returns the header to write before its first frame. */
  #roll(): Uint8Array {
    this.#mustRoll = false;
    const number = this.#nextSegmentNumber++;
    const file = this.#options.files.create(segmentName(number), this.#segmentBytes);
    this.#log.segments.push({ number, file, size: 0, live: 0 });
    return encodeSegmentHeader({ number, firstSequence: this.#nextSequence, tombstones: this.#log.tombstones });
  }

  /** Every segment begins by repeating which groups are damaged, since the damage itself goes with its segment. */
  #damageNotes(): readonly PlannedSection[] {
    return [...this.#log.corrupted].map(([group, reason]) => {
      const known = this.#log.groups.get(group)?.section(reason);
      return { section: known ?? { ...emptySection, group, corrupted: reason }, entries: [], rewrite: true };
    });
  }

  #apply(sections: readonly PlannedSection[], frame: EncodedFrame, segment: Segment, frameOffset: number): void {
    sections.forEach(({ section, entries, rewrite }, at) => {
      const offsets = frame.dataOffsets[at] as readonly number[];
      const slots = entries.map((entry, i): Slot => {
        const { term, kind, data } = entry;
        const offset = frameOffset + (offsets[i] as number);
        return { term, kind, length: data.length, segment, offset, checksum: undefined, data };
      });
      const { group: id, replica } = section;
      const before = this.#log.groups.get(id);
      if (section.removed) return this.#forget(id, replica);
      // A note on a damaged group of which nothing else is known.
      if (rewrite && before === undefined) return undefined;
      if (section.created) this.#log.corrupted.delete(id);
      const group = section.created || before === undefined ? new StoredGroup(id, replica, this.#cache) : before;
      this.#log.groups.set(id, group);
      return group.apply(section, segment, entries[0]?.index ?? 0, slots);
    });
  }

  #forget(group: number, replica: number): void {
    this.#log.groups.get(group)?.release();
    this.#log.groups.delete(group);
    this.#log.corrupted.delete(group);
    this.#log.tombstones.add(group, replica);
  }

  #deleteDeadSegments(): void {
    const { segments } = this.#log;
    while (segments.length > 1 && (segments[0] as Segment).live === 0) {
      const dead = segments.shift() as Segment;
      dead.file.close();
      this.#options.files.remove(segmentName(dead.number));
      this.#toRewrite = [];
    }
    if (this.#toRewrite.length === 0) this.#planRewrite();
  }

  /** Finds what keeps the oldest segment alive, when too much of the log is dead. */
  #planRewrite(): void {
    const { segments, groups } = this.#log;
    if (segments.length <= segmentsKeptMin) return;
    let live = 0;
    for (const group of groups.values()) live += group.bytes;
    if (this.#bytes() <= 2 * live + segmentsKeptMin * this.#segmentBytes) return;
    const oldest = segments[0] as Segment;
    this.#toRewrite = [...groups.values()]
      .map((group) => ({ group: group.group, indexes: group.indexesIn(oldest).toReversed() }))
      .filter(({ group, indexes }) => indexes.length > 0 || groups.get(group)?.sectionLiesIn(oldest));
  }

  /** Sections that move live entries of the oldest segment to the end of the log. */
  #takeRewrites(): readonly PlannedSection[] {
    const taken: PlannedSection[] = [];
    const oldest = this.#log.segments[0];
    let budget = rewriteBytesPerAppend;
    while (budget > 0 && this.#toRewrite.length > 0) {
      const work = this.#toRewrite.at(-1) as { group: number; indexes: number[] };
      const group = this.#log.groups.get(work.group);
      const entries: Entry[] = [];
      while (group !== undefined && budget > 0 && work.indexes.length > 0) {
        const index = work.indexes.at(-1) as number;
        const previous = entries.at(-1);
        if (previous !== undefined && index !== previous.index + 1) break;
        work.indexes.pop();
        if (group.slot(index)?.segment !== oldest) continue;
        const [entry] = group.entries(index, index + 1, 0);
        entries.push(entry as Entry);
        budget -= (entry as Entry).data.length + 16;
      }
      if (group === undefined || work.indexes.length === 0) this.#toRewrite.pop();
      if (group === undefined) continue;
      probe("live records were moved out of an old segment of the log");
      taken.push({ section: group.section(this.#log.corrupted.get(work.group)), entries, rewrite: true });
      budget -= 128;
    }
    return taken;
  }

  #bytes(): number {
    let bytes = 0;
    for (const segment of this.#log.segments) bytes += segment.size;
    return bytes;
  }

  stats(): ReturnType<LogStore["stats"]> {
    const segments = this.#log.segments.length;
    return { bytes: this.#bytes(), segments, syncs: this.#appends, appends: this.#appends };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#underWay) this.#finishClose();
  }

  #finishClose(): void {
    writeCleanClose(this.#options.files, this.#nextSequence - 1);
    for (const { file } of this.#log.segments) file.close();
  }
}
