// The leader's view of decided but not yet applied writes, on top of the engine, so that writes pipeline without
// locks and each decision sees the one before. Keyed by whole engine keys.
//
// A decision reads the engine first (asynchronously) and decides later; an entry applied in between would be seen in
// neither place if it left the overlay at once. So entries applied while a read is under way stay until that read
// has been used: `pin` before reading, `unpin` after deciding.
import { bytesName } from "@azimuth/foundation/bytes.ts";

interface OverlayValue {
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
  /** Log index of the proposal that decided it. */
  readonly index: number;
}

export class Overlay {
  readonly #values = new Map<string, OverlayValue>();
  /** What each proposal put, in log order, to drop it when applied. */
  #proposals: { index: number; keys: string[] }[] = [];
  #applied = 0;
  #pinned = false;

  get size(): number {
    return this.#values.size;
  }

  /** Undefined: the overlay does not know the key, look in the engine. */
  get(key: Uint8Array): OverlayValue | undefined {
    if (this.#values.size === 0) return undefined;
    return this.#values.get(bytesName(key));
  }

  put(index: number, writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[]): void {
    const keys: string[] = [];
    for (const write of writes) {
      const key = bytesName(write.key);
      keys.push(key);
      this.#values.set(key, { value: write.value, index });
    }
    this.#proposals.push({ index, keys });
  }

  pin(): void {
    this.#pinned = true;
  }

  unpin(): void {
    this.#pinned = false;
    this.#drop();
  }

  /** Everything up to `index` is visible in the engine. */
  appliedThrough(index: number): void {
    this.#applied = Math.max(this.#applied, index);
    if (!this.#pinned) this.#drop();
  }

  clear(): void {
    this.#values.clear();
    this.#proposals = [];
  }

  #drop(): void {
    let count = 0;
    for (const proposal of this.#proposals) {
      if (proposal.index > this.#applied) break;
      count++;
      for (const key of proposal.keys) {
        if (this.#values.get(key)?.index === proposal.index) this.#values.delete(key);
      }
    }
    if (count > 0) this.#proposals.splice(0, count);
  }
}
