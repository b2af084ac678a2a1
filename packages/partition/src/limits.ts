// Limits of one partition replica.

/** Writes waiting to be decided or under way, before new ones are refused as unavailable. */
export const writesInFlightMax = 10_000;
/** Writes whose keys are read from the engine in one go before deciding. */
export const decideBatchMax = 512;
/** Bytes pulled from the engine's iterator at a time by a range read. */
export const rangeChunkBytes = 256 << 10;
/** How long an idempotency record lives, as a number of generations of this many milliseconds. */
export const idempotencyGenerationMs = 60_000;
export const idempotencyGenerationsKept = 2;
