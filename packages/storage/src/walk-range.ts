// A walk over a range of the engine, chunk by chunk, for those who need nothing but its pairs in order. Who has to
// pause, or to close the iterator from outside, uses the iterator itself (engine.ts).
import type { EngineReader, IterateOptions, KeyValue } from "./engine.ts";

/**
 * Calls `visit` for each chunk of about `chunkBytes` until the range ends or `visit` returns "stop"; then closes the
 * iterator and calls `done`. The pairs are the engine's: who keeps some copies them.
 */
export function walkRange(
  reader: Pick<EngineReader, "iterate">,
  { chunkBytes, ...range }: IterateOptions & { readonly chunkBytes: number },
  visit: (pairs: readonly KeyValue[]) => "stop" | void,
  done: () => void,
): void {
  const iterator = reader.iterate(range);
  const pull = (): void => iterator.next(chunkBytes, (pairs) => {
    if (pairs.length > 0 && visit(pairs) !== "stop") return pull();
    iterator.close();
    done();
  });
  pull();
}
