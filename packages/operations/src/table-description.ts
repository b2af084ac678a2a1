// TableDescription: what CreateTable, DescribeTable and DeleteTable say of a table.
import type { TableDefinition } from "@azimuth/model/table.ts";
import { tableArn } from "./table-name.ts";

/** Gathered by the control plane from what partitions report; as on the service, some minutes old. */
export interface TableSizes {
  readonly itemCount: number;
  readonly bytes: number;
}

/** Units per second that a new on-demand table can take at once (design notes, C.2). */
const onDemandStart = { readUnits: 12_000, writeUnits: 4_000 };

export function describeTable(
  table: TableDefinition,
  sizes: TableSizes | undefined,
  place: { readonly region: string; readonly accountId: string },
): object {
  const createdAtSeconds = table.createdAt / 1000;
  const onDemand = table.billingMode === "PAY_PER_REQUEST";
  const ready = onDemand ? onDemandStart : table.throughput;
  const maximum = onDemand ? table.onDemandMaximum : undefined;
  const { partition, sort } = table.key;
  return {
    AttributeDefinitions: table.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    TableName: table.name,
    KeySchema: [
      { AttributeName: partition.name, KeyType: "HASH" },
      ...(sort ? [{ AttributeName: sort.name, KeyType: "RANGE" }] : []),
    ],
    TableStatus: table.status,
    CreationDateTime: createdAtSeconds,
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: table.throughput.readUnits,
      WriteCapacityUnits: table.throughput.writeUnits,
    },
    TableSizeBytes: sizes?.bytes ?? 0,
    ItemCount: sizes?.itemCount ?? 0,
    TableArn: tableArn(table.name, place.region, place.accountId),
    TableId: table.uuid,
    ...(onDemand
      ? {
          BillingModeSummary: {
            BillingMode: "PAY_PER_REQUEST",
            LastUpdateToPayPerRequestDateTime: createdAtSeconds,
          },
        }
      : {}),
    ...(maximum === undefined
      ? {}
      : {
          OnDemandThroughput: {
            MaxReadRequestUnits: maximum.readUnits, MaxWriteRequestUnits: maximum.writeUnits,
          },
        }),
    ...(table.tableClass === "STANDARD" ? {} : { TableClassSummary: { TableClass: table.tableClass } }),
    DeletionProtectionEnabled: table.deletionProtection,
    WarmThroughput: {
      ReadUnitsPerSecond: Math.max(ready.readUnits, table.warmThroughput?.readUnits ?? 0),
      WriteUnitsPerSecond: Math.max(ready.writeUnits, table.warmThroughput?.writeUnits ?? 0),
      Status: table.status === "CREATING" ? "UPDATING" : "ACTIVE",
    },
  };
}
