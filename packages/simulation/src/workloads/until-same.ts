// What "eventually" promises of reads: on a healed cluster where nobody writes any more they are answered, and show
// what strongly consistent ones do. Of a request whose outcome is unknown a write may still come: both are asked again.
import type { WorkloadContext } from "./workload.ts";

/** Virtual time that replicas have to catch up once the faults are over. */
const limitMs = 60_000;
const periodMs = 200;

type Read = () => Promise<readonly number[] | undefined>;

/** Reads are undefined where nobody answered. */
export async function untilSame(context: WorkloadContext, what: string, strong: Read, eventual: Read): Promise<void> {
  const deadline = context.world.time.now() + limitMs;
  for (;;) {
    const [wanted, found] = [await strong(), await eventual()];
    if (wanted !== undefined && String(found) === String(wanted) && found !== undefined) return;
    if (context.world.time.now() >= deadline) {
      const [is, seen] = [wanted, found].map((elements) => elements?.join(" ") ?? "not answered");
      return context.violated(`${what} is ${is}, and read eventually ${seen}, after ${limitMs} ms of peace`);
    }
    await context.world.sleep(periodMs);
  }
}
