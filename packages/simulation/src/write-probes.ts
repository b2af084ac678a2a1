// Once a cluster is healed every partition of every table must take a write, whatever it went through: reads may go on
// where writes are held back for ever. Where there is a ledger, one transaction over many of them must go through, too.
import { ledgerTableName } from "@azimuth/operations/transaction-ledger.ts";
import { positionOf } from "@azimuth/operations/position.ts";
import type { PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import type { KeyValue } from "@azimuth/model/key.ts";
import type { KeyAttribute, TableDefinition } from "@azimuth/model/table.ts";
import { tokenInRange } from "@azimuth/placement/token.ts";
import type { Operator } from "./operator.ts";
import type { SimulatedClient } from "./simulated-client.ts";
import type { World } from "./world.ts";

/** Of one transaction; DynamoDB's limit is a hundred. */
const transactionItemsMax = 25;
const retryPauseMs = 100;
const keysTriedMax = 300;

interface Probe {
  readonly TableName: string;
  readonly Item: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Writes everywhere, all at once; says what was not taken within `limitMs`. */
export async function writeEverywhere(
  world: World, { map: mapNow }: Pick<Operator, "map">, client: SimulatedClient, limitMs: number,
): Promise<readonly string[]> {
  const deadline = world.time.now() + limitMs;
  const map = mapNow();
  // A request of the load that nobody heard of any more may delete a table even now.
  const isGoing = ({ TableName }: Probe): boolean =>
    !mapNow().tables.some(({ name, status }) => name === TableName && status !== "DELETING");
  const probes = map.tables
    .filter(({ name, status }) => name !== ledgerTableName && status === "ACTIVE")
    .flatMap((table) => itemsIn(table, map.partitions.filter(({ tableId }) => tableId === table.tableId))
      .map((Item) => ({ TableName: table.name, Item })));
  const take = async (target: string, input: object, written: readonly Probe[]): Promise<string | undefined> => {
    for (;;) {
      const result = await client.call(target, input);
      if (result.kind === "ok" || written.some(isGoing)) return undefined;
      const [asked, answered] = [JSON.stringify(input), JSON.stringify(result)];
      const told = `${target} of ${asked} was not taken within ${limitMs} ms: ${answered}`;
      if (world.time.now() >= deadline) return told;
      await world.sleep(retryPauseMs);
    }
  };
  const failures = await Promise.all(probes.map((probe) => take("PutItem", probe, [probe])));
  if (probes.length > 0 && map.tables.some(({ name }) => name === ledgerTableName)) {
    const some = probes.slice(0, transactionItemsMax);
    failures.push(await take("TransactWriteItems", { TransactItems: some.map((probe) => ({ Put: probe })) }, some));
  }
  return failures.filter((failure) => failure !== undefined);
}

/** An item in each partition of the table, but for those too narrow to be hit by chance. */
function itemsIn({ key }: TableDefinition, partitions: readonly PartitionRecord[]): readonly Probe["Item"][] {
  const { type } = key.partition;
  const found: Probe["Item"][] = [];
  const left = new Set(partitions);
  for (let number = 0; number < keysTriedMax && left.size > 0; number++) {
    const partition = valueOf(key.partition, number);
    const value = type === "B" ? Buffer.from(partition, "base64") : partition;
    const { token } = positionOf({ partition: { type, value } as KeyValue, sort: undefined });
    const hit = [...left].find(({ firstToken, lastToken }) => tokenInRange(token, firstToken, lastToken));
    if (hit === undefined) continue;
    left.delete(hit);
    const sort = key.sort && { [key.sort.name]: { [key.sort.type]: valueOf(key.sort, number) } };
    found.push({ [key.partition.name]: { [type]: partition }, ...sort });
  }
  return found;
}

/** As JSON has it. */
function valueOf({ type }: KeyAttribute, number: number): string {
  switch (type) {
    case "S":
      return `probe-${number}`;
    case "N":
      return String(number);
    case "B":
      return Buffer.from(`probe-${number}`).toString("base64");
  }
}
