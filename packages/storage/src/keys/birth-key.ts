// A partition that a split has made and whose replica on this node is still to be created: "b" | child partition
// (8 bytes) → what it is (packages/partition, split.ts). Written in the batch of the split, so that a crash between the
// two is no harm, and deleted once the replica is in the log. It belongs to the node and travels in no snapshot.
import { groupKey } from "./group-key.ts";
import { birthSpace } from "./spaces.ts";

export function birthKey(child: number): Uint8Array {
  return groupKey(birthSpace, child);
}

/** All births that wait on this node. */
export function birthRange(): { start: Uint8Array; end: Uint8Array } {
  return { start: Uint8Array.of(birthSpace), end: Uint8Array.of(birthSpace + 1) };
}
