// What Query and Scan have in common: a page of a range, read on one replica or on several in turn.
//
// A page ends when `Limit` items were read, when the items read reach 1 MB, or when the range is exhausted; all
// counting is before the filter. Unless the range was exhausted the last key read is where the next page starts.
// A Scan's page goes on from partition to partition with what is left of both budgets.
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import { encodedItemToJson, encodedItemsToJson } from "@azimuth/model/encoded-item-json.ts";
import { decodeItem, encodeItem, encodedItemSize } from "@azimuth/model/item-codec.ts";
import { keyAsItem, keyOfItem } from "@azimuth/model/key.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { compileCondition, evaluateCondition } from "@azimuth/expression/condition.ts";
import { capacityJson, noIndexUnits, readUnits, type CapacityMode } from "./capacity.ts";
import { entryKeyItem } from "./index-reads.ts";
import { bindPlaceholders, type ExpressionParameters } from "./expressions.ts";
import type { LegacyParameters } from "./legacy-parameters.ts";
import { pageBytesMax } from "./limits.ts";
import type { Item, Outcome, RangeReader, RangeReadCommand, RangeReadOperation } from "./operation.ts";
import { projector, type Projected } from "./read-request.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";

export interface RangeReadRequest extends ExpressionParameters, LegacyParameters {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Select?: Select;
  readonly Limit?: number;
  readonly ConsistentRead?: boolean;
  readonly ExclusiveStartKey?: JsonObject;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export const selections = ["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"] as const;
export type Select = (typeof selections)[number];

export interface PageCommand extends RangeReadCommand, Projected {
  readonly filter: string | undefined;
  readonly countOnly: boolean;
  /** How many items may still be read, and how many bytes; undefined: no limit but the bytes. */
  readonly limit: number | undefined;
  readonly bytesMax: number;
}

export interface PageOutcome extends Outcome {
  /** Encoded, filtered and projected. */
  readonly items: readonly Uint8Array[];
  readonly count: number;
  readonly scanned: number;
  readonly bytes: number;
  /** Blocks of 4 KB of the items fetched for entries of a local index. */
  readonly fetchedBlocks?: number;
  /** The encoded key read last; absent when the range was exhausted. */
  readonly lastKey?: Uint8Array;
}

/** The members of a page command that come from the request. */
export function pageMembers(request: RangeReadRequest) {
  return {
    consistent: request.ConsistentRead === true,
    projection: request.ProjectionExpression,
    filter: request.FilterExpression,
    countOnly: request.Select === "COUNT",
    limit: request.Limit,
    bytesMax: pageBytesMax,
  };
}

export const rangeReadOnNode: RangeReadOperation<PageCommand> = { kind: "range-read", open: openPage };

function openPage(command: PageCommand, table: TableDefinition): RangeReader {
  const accepts = itemFilter(command);
  const project = projector(command);
  const items: Uint8Array[] = [];
  let count = 0;
  let scanned = 0;
  let bytes = 0;
  let fetchedBlocks = 0;
  let last: Uint8Array | undefined;
  return {
    accept(_key, value, fetched) {
      scanned++;
      bytes += encodedItemSize(value);
      if (fetched !== undefined) fetchedBlocks += Math.max(1, Math.ceil(encodedItemSize(fetched) / 4096));
      last = value;
      const shown = fetched ?? value;
      if (accepts(shown)) {
        count++;
        if (!command.countOnly) items.push(project(shown));
      }
      return scanned === command.limit || bytes >= command.bytesMax;
    },
    finish(exhausted): PageOutcome {
      const page = { items, count, scanned, bytes, ...(fetchedBlocks === 0 ? {} : { fetchedBlocks }) };
      if (exhausted || last === undefined) return page;
      return { ...page, lastKey: encodeItem(keyOfLast(command, table, last)) };
    },
  };
}

function keyOfLast(command: PageCommand, table: TableDefinition, last: Uint8Array): Item {
  const index = table.indexes?.find(({ indexId }) => indexId === command.indexId);
  if (index === undefined) return keyAsItem(table.key, keyOfItem(table.key, decodeItem(last)));
  return entryKeyItem(table, index, last);
}

function itemFilter(command: PageCommand): (value: Uint8Array) => boolean {
  if (typeof command.filter !== "string") return () => true;
  const condition = compileCondition(command.filter, "FilterExpression");
  const bindings = bindPlaceholders(command);
  return (value) => evaluateCondition(condition, bindings, decodeItem(value));
}

/** The command that goes on with a page at another range, with what is left; undefined when the page is complete. */
export function continued(
  command: PageCommand,
  outcomes: readonly Outcome[],
  range: Pick<RangeReadCommand, "token" | "start">,
): PageCommand | undefined {
  const pages = outcomes as readonly PageOutcome[];
  if (pages.some((page) => hasMore(page) || isRefused(page))) return undefined;
  const limit = command.limit === undefined || command.limit === null
    ? undefined
    : command.limit - sumOf(pages, (page) => page.scanned);
  return { ...command, ...range, limit, bytesMax: command.bytesMax - sumOf(pages, (page) => page.bytes) };
}

export function pageReply(
  request: RangeReadRequest,
  outcomes: readonly Outcome[],
  index?: IndexDefinition | undefined,
): string {
  for (const outcome of outcomes) throwIfRefused(outcome);
  const pages = outcomes as readonly PageOutcome[];
  const lastKey = pages.at(-1)?.lastKey;
  const consistent = request.ConsistentRead === true;
  const units = readUnits(sumOf(pages, (page) => page.bytes), consistent);
  const fetchedUnits = sumOf(pages, (page) => page.fetchedBlocks ?? 0) * (consistent ? 1 : 0.5);
  const items = request.Select === "COUNT"
    ? undefined
    : encodedItemsToJson(pages.flatMap((page) => page.items));
  return objectText({
    Items: items,
    Count: String(sumOf(pages, (page) => page.count)),
    ScannedCount: String(sumOf(pages, (page) => page.scanned)),
    LastEvaluatedKey: lastKey === undefined || lastKey === null ? undefined : encodedItemToJson(lastKey),
    ConsumedCapacity: index === undefined
      ? capacityJson(request.TableName, request.ReturnConsumedCapacity, units)
      : capacityJson(request.TableName, request.ReturnConsumedCapacity, fetchedUnits,
        { ...noIndexUnits, [index.kind]: { [index.name]: units } }),
  });
}

function hasMore(page: PageOutcome): boolean {
  return page.lastKey !== undefined && page.lastKey !== null;
}

function isRefused(outcome: Outcome): boolean {
  return outcome.refused !== undefined && outcome.refused !== null;
}

function sumOf(pages: readonly PageOutcome[], member: (page: PageOutcome) => number): number {
  return pages.reduce((sum, page) => sum + member(page), 0);
}
