// Assertions that stay on in production: a broken invariant ends the process instead of spreading.

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws {@link AssertionError} unless `condition` holds. Nothing may catch it and go on. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Ends an exhaustive switch: the compiler proves that no case is left. */
export function unreachable(value: never, what = "case"): never {
  throw new AssertionError(`unexpected ${what}: ${JSON.stringify(value)}`);
}
