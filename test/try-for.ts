// For what comes only after a while, as with DynamoDB itself: a table that is being made, an index that is fed after the
// write has been acknowledged.
import { setTimeout as wait } from "node:timers/promises";

/** Tries until it succeeds; after `limitMs` the last error is thrown. */
export async function tryFor(limitMs: number, attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await wait(50);
    }
  }
}
