// Everything that a table or an index holds, in small pages and in a form to compare; for checks on a healed cluster.
import { callUntilKnown, type WorkloadContext } from "./workload.ts";

export type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

export async function scanAll(context: WorkloadContext, request: object): Promise<readonly Attributes[]> {
  const found: Attributes[] = [];
  let start: object | undefined;
  do {
    const more = start === undefined ? {} : { ExclusiveStartKey: start };
    const page = await callUntilKnown(context, "Scan", { ...request, Limit: 7, ...more });
    found.push(...(page["Items"] as Attributes[]));
    start = page["LastEvaluatedKey"] as object | undefined;
  } while (start !== undefined);
  return found;
}

/** One line for each item, the same for the same attributes, in order. */
export function lines(found: readonly Attributes[]): readonly string[] {
  const inOrder = (item: Attributes) => Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1));
  return found.map((item) => JSON.stringify(inOrder(item))).sort();
}
