// Which replicas were removed from this node and must never come back. Every segment begins with the whole list, so
// that it survives the segments in which the removals were written.
//
// Replica ids of a group only grow, so of long histories only the largest are kept one by one, and all below them
// count as removed: the list stays bounded.
import type { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";

const replicasPerGroupMax = 16;

interface Removed {
  /** This replica id and all smaller ones are removed. */
  through: number;
  /** Single replicas above `through`, ascending. */
  replicas: number[];
}

export class Tombstones {
  readonly #removedByGroup = new Map<number, Removed>();

  add(group: number, replica: number): void {
    if (this.has(group, replica)) return;
    const removed = this.#removedByGroup.get(group) ?? { through: 0, replicas: [] };
    removed.replicas.push(replica);
    removed.replicas.sort((left, right) => left - right);
    if (removed.replicas.length > replicasPerGroupMax) removed.through = removed.replicas.shift() as number;
    this.#removedByGroup.set(group, removed);
  }

  has(group: number, replica: number): boolean {
    const removed = this.#removedByGroup.get(group);
    return removed !== undefined && (replica <= removed.through || removed.replicas.includes(replica));
  }

  /** A list of this group's alone. */
  of(group: number): Tombstones {
    const own = new Tombstones();
    const removed = this.#removedByGroup.get(group);
    if (removed !== undefined) own.#removedByGroup.set(group, { ...removed, replicas: removed.replicas.slice() });
    return own;
  }

  addAll(other: Tombstones): void {
    for (const [group, { through, replicas }] of other.#removedByGroup) {
      for (const replica of replicas) this.add(group, replica);
      const mine = this.#removedByGroup.get(group);
      if (mine !== undefined) mine.through = Math.max(mine.through, through);
    }
  }

  write(writer: ByteWriter): void {
    writer.varint(this.#removedByGroup.size);
    for (const [group, { through, replicas }] of this.#removedByGroup) {
      writer.varint(group).varint(through).varint(replicas.length);
      for (const replica of replicas) writer.varint(replica);
    }
  }

  read(reader: ByteReader): void {
    for (let groups = reader.varint(); groups > 0; groups--) {
      const group = reader.varint();
      const removed: Removed = { through: reader.varint(), replicas: [] };
      for (let left = reader.varint(); left > 0; left--) removed.replicas.push(reader.varint());
      this.#removedByGroup.set(group, removed);
    }
  }
}
