// Reads of a changing collection. While a range is read page by page, elements come and go; what must hold all the
// same: an element that was there throughout is returned exactly once, one that was never there is not returned,
// and the order is kept. Each element is judged by itself, from certain facts only.
//
//   insert, remove   input: the element (string or number); ok, failed or unknown; key: the collection
//   range            input { from?, to?, descending?, eventual? } (bounds included), output: the elements in order
//
// An eventual range, of whatever replica, promises less: what it returns was put there by somebody before it ended.
import { groupByKey, precedes, type Operation } from "./history.ts";
import { nameOperation, nameProcess, verdictOf, type Anomaly, type Verdict } from "./verdict.ts";

export type Element = string | number;

export interface RangeInput {
  readonly from?: Element;
  readonly to?: Element;
  readonly descending?: boolean;
  readonly eventual?: boolean;
}

/** The changes of one element that happened or may have happened. */
interface Changes {
  readonly inserts: Operation[];
  readonly removes: Operation[];
}

export function checkRanges(operations: Iterable<Operation>): Verdict {
  const anomalies: Anomaly[] = [];
  let count = 0;
  const byKey = groupByKey(operations);
  for (const [key, group] of byKey) {
    count += group.length;
    const changes = changesOf(group);
    for (const range of group) {
      if (range.f !== "range" || range.outcome !== "ok") continue;
      for (const anomaly of judge(range, changes)) anomalies.push(key === "" ? anomaly : { ...anomaly, key });
    }
  }
  return verdictOf(anomalies, `${count} operations on ${byKey.size} collections`);
}

function changesOf(operations: readonly Operation[]): Map<Element, Changes> {
  const changesByElement = new Map<Element, Changes>();
  for (const operation of operations) {
    if (operation.f !== "insert" && operation.f !== "remove") continue;
    if (operation.outcome !== "ok" && operation.outcome !== "unknown") continue;
    const element = operation.input as Element;
    const changes = changesByElement.get(element) ?? { inserts: [], removes: [] };
    changesByElement.set(element, changes);
    (operation.f === "insert" ? changes.inserts : changes.removes).push(operation);
  }
  return changesByElement;
}

function judge(range: Operation, changesByElement: ReadonlyMap<Element, Changes>): Anomaly[] {
  const input = (range.input ?? {}) as RangeInput;
  const returned = range.output as readonly Element[];
  const found = new Set(returned);
  const anomalies: Anomaly[] = [];
  const convict = (kind: string, what: string, others: readonly Operation[] = []): void => {
    const explanation = `${range.f} by ${nameProcess(range.process)} ${what}.`;
    anomalies.push({ kind, explanation, operations: [...others, range], culprit: range });
  };
  if (found.size < returned.length) {
    const twice = returned.find((element, at) => returned.indexOf(element) < at);
    convict("returned-twice", `returned ${twice} twice`);
  }
  const sign = input.descending === true ? -1 : 1;
  for (const [at, element] of returned.entries()) {
    const next = returned[at + 1];
    if (next === undefined || compare(element, next) * sign <= 0) continue;
    convict("out-of-order", `returned ${element} before ${next}`);
    break;
  }
  for (const element of found) {
    if (!isWithin(element, input)) convict("out-of-range", `returned ${element}, which is outside of its bounds`);
    const changes = changesByElement.get(element);
    const absent = neverBefore(range, changes) ??
      (input.eventual === true ? undefined : removedBefore(range, changes));
    if (absent !== undefined) convict("phantom", `returned ${element}, ${absent.why}`, absent.operations);
  }
  for (const [element, changes] of input.eventual === true ? [] : changesByElement) {
    if (found.has(element) || !isWithin(element, input)) continue;
    const insert = presenceThroughout(range, changes);
    if (insert === undefined) continue;
    convict("missing", `did not return ${element}, which ${nameOperation(insert)} had put there before it ` +
      "began and nobody had removed when it ended", [insert]);
  }
  return anomalies;
}

/** An insert that had returned before the range began, when no removal can have undone it before the range ended. */
function presenceThroughout(range: Operation, { inserts, removes }: Changes): Operation | undefined {
  return inserts.find((insert) => {
    if (insert.outcome !== "ok" || !precedes(insert, range)) return false;
    return removes.every((remove) => precedes(range, remove) || precedes(remove, insert));
  });
}

/** Why an element cannot have been there, and the operations that prove it. */
interface Absence {
  readonly why: string;
  readonly operations: readonly Operation[];
}

/** The element cannot have been there at any moment until the range ended. */
function neverBefore(range: Operation, changes: Changes | undefined): Absence | undefined {
  const inserts = changes?.inserts ?? [];
  if (inserts.some((insert) => !precedes(range, insert))) return undefined;
  const why = inserts.length === 0 ? "which nobody ever inserted" : "which was inserted only after it ended";
  return { why, operations: inserts.slice(0, 1) };
}

/** The element cannot have been there at any moment of the range, as it had been removed. */
function removedBefore(range: Operation, changes: Changes | undefined): Absence | undefined {
  const before = (changes?.inserts ?? []).filter((insert) => !precedes(range, insert));
  const removal = changes?.removes.find((remove) => {
    if (remove.outcome !== "ok" || !precedes(remove, range)) return false;
    return before.every((insert) => precedes(insert, remove));
  });
  if (removal === undefined) return undefined;
  return { why: `which ${nameOperation(removal)} had removed before it began`, operations: [...before, removal] };
}

function isWithin(element: Element, { from, to }: RangeInput): boolean {
  return (from === undefined || compare(element, from) >= 0) && (to === undefined || compare(element, to) <= 0);
}

/** Numbers by value, strings in the order of their UTF-8 bytes, as DynamoDB does. */
function compare(one: Element, other: Element): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  const [first, second] = [String(one), String(other)];
  const shared = Math.min(first.length, second.length);
  for (let at = 0; at < shared; at++) {
    const difference = rank(first.charCodeAt(at)) - rank(second.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
