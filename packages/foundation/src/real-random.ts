// The real Random: the seeded generator, seeded with bytes from the operating system, so that production
// and simulation draw by the same code.
import { randomBytes } from "node:crypto";
import { createSeededRandom, type Random } from "./random.ts";

export function createRealRandom(): Random {
  return createSeededRandom(randomBytes(16).toString("hex"));
}
