// What a table or a global index is ready to take at once: what it starts with, the most that was ever provisioned for
// it, or what was asked for, whichever is more; it never sinks (measured: packages/operations/docs/messages.md, Q).
import type { TableDefinition, Throughput } from "./table.ts";

/** Units per second of a new on-demand table or index (developer guide, "Initial throughput for on-demand mode"). */
export const onDemandStart: Throughput = { readUnits: 12_000, writeUnits: 4_000 };

export function warmThroughputOf(
  billingMode: TableDefinition["billingMode"],
  { throughput, warmThroughput }: { readonly throughput: Throughput; readonly warmThroughput?: Throughput },
): Throughput {
  const start = billingMode === "PAY_PER_REQUEST" ? onDemandStart : throughput;
  return {
    readUnits: Math.max(start.readUnits, warmThroughput?.readUnits ?? 0),
    writeUnits: Math.max(start.writeUnits, warmThroughput?.writeUnits ?? 0),
  };
}
