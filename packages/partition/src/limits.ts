// Limits of one partition replica.

/** Writes waiting to be decided or under way, before new ones are refused as unavailable. */
export const writesInFlightMax = 10_000;
/** Writes whose keys are read from the engine in one go before deciding. */
export const decideBatchMax = 512;
/** Bytes pulled from the engine's iterator at a time by a range read. */
export const rangeChunkBytes = 256 << 10;
/** Records of answered writes are kept at least this long, and those of one generation go together. */
export const recordsKeptMs = 120_000;
export const generationLastsMs = 60_000;

/** Changes that wait for a global index, before writes to the table are throttled. */
export const queuedChangesMax = 100_000;
/** Above this many, what fills a new index or deletes expired items waits. */
export const queuedChangesForSweepMax = 2_000;
/** Changes, and bytes of them, read from the queue and sent at a time. */
export const queueBatchMax = 500;
export const queueBatchBytes = 512 << 10;
/** Before a sending that failed is tried again. */
export const queueRetryPauseMs = 50;
/** Items and local index entries of one partition key, in tables with local secondary indexes: 10 GB. */
export const collectionBytesMax = 10 * 2 ** 30;
/** How long a split holds writes back until the indexes have taken what waits for them. */
export const sealedMsMax = 1000;
/** After it has held them back in vain, before it may again. */
export const sealedInVainPauseMs = 10_000;
/** Above this many, a split does not begin to hold writes back; filling an index leaves fewer. */
export const queuedChangesForSplitMax = 4_000;
/** Items that a sweep (of a new index, of expired items) has under way at a time. */
export const sweepItemsMax = 256;
