// TableDescription: what CreateTable, DescribeTable and DeleteTable say of a table.
import type {
  IndexDefinition, IndexKeySchema, OnDemandMaximum, Projection, TableDefinition,
} from "@azimuth/model/table.ts";
import { warmThroughputOf } from "@azimuth/model/warm-throughput.ts";
import { tableArn } from "./table-name.ts";

/** Gathered by the control plane from what partitions report; as on the service, some minutes old. */
export interface TableSizes {
  readonly itemCount: number;
  readonly bytes: number;
  /** Of the indexes, by their names. */
  readonly indexes?: Readonly<Record<string, { readonly itemCount: number; readonly bytes: number }>>;
}

export function describeTable(
  table: TableDefinition,
  sizes: TableSizes | undefined,
  place: { readonly region: string; readonly accountId: string },
): object {
  const createdAtSeconds = table.createdAt / 1000;
  const onDemand = table.billingMode === "PAY_PER_REQUEST";
  const { partition, sort } = table.key;
  return {
    AttributeDefinitions: table.attributes
      .map(({ name, type }) => ({ AttributeName: name, AttributeType: type }))
      .toSorted((left, right) => (left.AttributeName < right.AttributeName ? -1 : 1)),
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
    ...describeMaximum(table.onDemandMaximum),
    ...describeIndexes(table, sizes, place),
    ...(table.tableClass === "STANDARD" ? {} : { TableClassSummary: { TableClass: table.tableClass } }),
    DeletionProtectionEnabled: table.deletionProtection,
    WarmThroughput: describeWarm(table.billingMode, table),
  };
}

function describeMaximum(maximum: OnDemandMaximum | null | undefined): object {
  if (maximum === undefined || maximum === null) return {};
  return {
    OnDemandThroughput: { MaxReadRequestUnits: maximum.readUnits, MaxWriteRequestUnits: maximum.writeUnits },
  };
}

function describeWarm(
  billingMode: TableDefinition["billingMode"],
  owner: Pick<TableDefinition, "throughput" | "warmThroughput"> & { readonly status: string },
): object {
  const { readUnits, writeUnits } = warmThroughputOf(billingMode, owner);
  return {
    ReadUnitsPerSecond: readUnits, WriteUnitsPerSecond: writeUnits,
    Status: owner.status === "CREATING" ? "UPDATING" : "ACTIVE",
  };
}

function describeIndexes(
  table: TableDefinition,
  sizes: TableSizes | undefined,
  place: { readonly region: string; readonly accountId: string },
): object {
  const arn = tableArn(table.name, place.region, place.accountId);
  const described = (index: IndexDefinition): object => ({
    IndexName: index.name,
    KeySchema: describeKey(index.key),
    Projection: describeProjection(index.projection),
    ...(index.kind === "local" ? {} : describeState(table, index)),
    IndexSizeBytes: sizes?.indexes?.[index.name]?.bytes ?? 0,
    ItemCount: sizes?.indexes?.[index.name]?.itemCount ?? 0,
    IndexArn: `${arn}/index/${index.name}`,
  });
  const of = (kind: IndexDefinition["kind"]): readonly object[] =>
    (table.indexes ?? []).filter((index) => index.kind === kind).map(described);
  const [local, global] = [of("local"), of("global")];
  return {
    ...(local.length === 0 ? {} : { LocalSecondaryIndexes: local }),
    ...(global.length === 0 ? {} : { GlobalSecondaryIndexes: global }),
  };
}

function describeKey({ partition, sort }: IndexKeySchema): readonly object[] {
  return [
    ...partition.map(({ name }) => ({ AttributeName: name, KeyType: "HASH" })),
    ...sort.map(({ name }) => ({ AttributeName: name, KeyType: "RANGE" })),
  ];
}

function describeProjection(projection: Projection): object {
  const { kind } = projection;
  return { ProjectionType: kind, ...(kind === "INCLUDE" ? { NonKeyAttributes: projection.attributes } : {}) };
}

function describeState(table: TableDefinition, index: IndexDefinition): object {
  const isAdded = index.status === "CREATING" && table.status !== "CREATING";
  return {
    IndexStatus: index.status,
    ...(isAdded ? { Backfilling: index.backfilling } : {}),
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: index.throughput.readUnits,
      WriteCapacityUnits: index.throughput.writeUnits,
    },
    ...describeMaximum(index.onDemandMaximum),
    WarmThroughput: describeWarm(table.billingMode, index),
  };
}
