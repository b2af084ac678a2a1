// The first byte of every key in a node's engine says which keyspace it belongs to; docs/data-layout.md lists them.
// Letters, so that a dump can be read. Once released, a letter is never given another meaning.
export const appliedSpace = 0x61; // "a": applied-key.ts
export const birthSpace = 0x62; // "b": birth-key.ts
export const controlSpace = 0x63; // "c": control-key.ts
export const indexMarkSpace = 0x6d; // "m": index-mark-key.ts
export const itemSpace = 0x69; // "i": item-key.ts
export const lockSpace = 0x6c; // "l": lock-key.ts
export const collectionSpace = 0x6e; // "n": collection-key.ts
export const indexQueueSpace = 0x71; // "q": index-queue-key.ts
export const idempotencySpace = 0x72; // "r": idempotency-key.ts
export const statisticsSpace = 0x73; // "s": partition-statistics-key.ts
