// Bounded waiting in virtual time: liveness means that something happens within so many milliseconds, not at some time.
import type { World } from "./world.ts";

const stepMs = 10;

/** Advances virtual time until `promise` settles; throws when that takes longer than `limitMs`. */
export async function within<Result>(
  world: World,
  limitMs: number,
  promise: Promise<Result>,
  otherwise: string,
): Promise<Result> {
  const deadline = world.time.now() + limitMs;
  let result: { readonly value: Result } | undefined;
  let failure: unknown;
  promise.then(
    (value) => (result = { value }),
    (error: unknown) => (failure = error ?? new Error("rejected")),
  );
  for (;;) {
    await world.advance(world.time.now() + stepMs);
    if (failure !== undefined) throw failure;
    if (result !== undefined) return result.value;
    if (world.time.now() >= deadline) throw new Error(`${otherwise} within ${limitMs} ms`);
  }
}
