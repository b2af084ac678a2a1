// Conditional updates from version n to n + 1, each with a unique token: DynamoDB's own optimistic locking. Whatever
// the concurrency, successes must form one chain, and that is checked in O(n log n).
//
//   advance  input { from, token }       ok: the version is from + 1, with the token; refused: it was not `from`
//   read     output { version, token }   or null for an item that is not there (version 0)
//
// A refusal may carry what was found, in a read's form. Version v becomes current at one moment, later than that of
// v - 1. That moment lies after the invocation of whoever saw an earlier version, and before the return of
// whoever saw v or a later one. Only if `earliest` (the maximum of the former) lies after `latest` (the
// minimum of the latter), is there a contradiction, and those two operations prove it.
import { groupByKey, type Operation } from "./history.ts";
import { nameOperation, verdictOf, type Anomaly, type Verdict } from "./verdict.ts";

interface AdvanceInput {
  readonly from: number;
  readonly token: string;
}

interface Seen {
  readonly version: number;
  readonly token?: string;
}

/** A version, who made it as far as that is known, and who saw it. */
interface Version {
  readonly number: number;
  writer: Operation | undefined;
  readonly seenBy: Operation[];
}

interface Chain {
  readonly versions: Map<number, Version>;
  readonly advances: readonly Operation[];
  readonly advanceByToken: ReadonlyMap<string, Operation>;
}

export function checkVersionChain(operations: Iterable<Operation>): Verdict {
  const anomalies: Anomaly[] = [];
  const repeated: string[] = [];
  let count = 0;
  const byKey = groupByKey(operations);
  for (const [key, group] of byKey) {
    count += group.length;
    const advances = group.filter((operation) => operation.f === "advance");
    const advanceByToken = new Map(advances.map((advance) => [inputOf(advance).token, advance]));
    if (advanceByToken.size < advances.length) {
      repeated.push(key);
      continue;
    }
    const chain: Chain = { versions: new Map(), advances, advanceByToken };
    const found = [...addWriters(chain), ...addSightings(chain, group)];
    // What is missing, and the order of versions, mean something only when each version has at most one writer.
    if (found.length === 0) found.push(...fillGaps(chain));
    if (found.length === 0) found.push(...contradictions(chain), ...refusals(chain));
    for (const anomaly of found) anomalies.push(key === "" ? anomaly : { ...anomaly, key });
  }
  const undecided = repeated.length === 0 ? undefined : `a token was used twice on ${repeated[0]}`;
  return verdictOf(anomalies, `${count} operations on ${byKey.size} version chains`, undecided);
}

function inputOf(advance: Operation): AdvanceInput {
  return advance.input as AdvanceInput;
}

function seenBy(operation: Operation): Seen | undefined {
  if (operation.f === "read" && operation.outcome === "ok") return (operation.output as Seen | null) ?? { version: 0 };
  if (operation.outcome !== "refused") return undefined;
  const found = operation.output as Seen | null | undefined;
  return typeof found === "object" && found !== null && found.version !== undefined ? found : undefined;
}

function versionOf(chain: Chain, number: number): Version {
  const version = chain.versions.get(number) ?? { number, writer: undefined, seenBy: [] };
  chain.versions.set(number, version);
  return version;
}

function addWriters(chain: Chain): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const advance of chain.advances) {
    if (advance.outcome !== "ok") continue;
    const version = versionOf(chain, inputOf(advance).from + 1);
    if (version.writer === undefined) {
      version.writer = advance;
      continue;
    }
    const [first, second] = [version.writer, advance];
    const explanation = `${nameOperation(first)} and ${nameOperation(second)} both advanced from version ` +
      `${version.number - 1}: one of the two updates is lost.`;
    anomalies.push({ kind: "fork", explanation, operations: [first, second], culprit: second });
  }
  return anomalies;
}

function addSightings(chain: Chain, operations: readonly Operation[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const operation of operations) {
    const seen = seenBy(operation);
    if (seen === undefined) continue;
    const version = versionOf(chain, seen.version);
    version.seenBy.push(operation);
    if (seen.version === 0 || seen.token === undefined) continue;
    const anomaly = sighting(chain, version, operation, seen.token);
    if (anomaly !== undefined) anomalies.push(anomaly);
  }
  return anomalies;
}

/** Whether the version can carry that token; if so, its advance is the version's writer. */
function sighting(chain: Chain, version: Version, operation: Operation, token: string): Anomaly | undefined {
  const advance = chain.advanceByToken.get(token);
  const saw = `${nameOperation(operation)} saw version ${version.number}`;
  const anomaly = (kind: string, explanation: string, ...others: Operation[]): Anomaly => {
    return { kind, explanation, operations: [...others, operation], culprit: operation };
  };
  if (advance === undefined) return anomaly("unwritten-value", `${saw} with a token that nobody ever wrote.`);
  if (inputOf(advance).from + 1 !== version.number) {
    const own = inputOf(advance).from + 1;
    return anomaly("wrong-version", `${saw} with the token of ${nameOperation(advance)}, which makes ${own}.`, advance);
  }
  if (advance.outcome === "refused" || advance.outcome === "failed") {
    return anomaly("refused-but-applied", `${saw} by ${nameOperation(advance)}, which did not happen.`, advance);
  }
  if (version.writer !== undefined && version.writer !== advance) {
    const both = `${nameOperation(version.writer)} and ${nameOperation(advance)} both made version ${version.number}`;
    return anomaly("fork", `${both}, the second as ${nameOperation(operation)} saw.`, version.writer, advance);
  }
  version.writer = advance;
  return undefined;
}

/**
 * Every version up to the last that somebody made or saw must have a writer. Where none is known it may be any
 * advance of unknown outcome; the one invoked first constrains the order least.
 */
function fillGaps(chain: Chain): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const possible = new Map<number, Operation>();
  for (const advance of chain.advances) {
    const makes = inputOf(advance).from + 1;
    if (advance.outcome !== "unknown") continue;
    const other = possible.get(makes);
    if (other === undefined || advance.invokeIndex < other.invokeIndex) possible.set(makes, advance);
  }
  const numbers = [...chain.versions.keys()].sort((one, other) => one - other);
  let previous = 0;
  for (const number of numbers) {
    const witness = chain.versions.get(number) as Version;
    for (let needed = previous + 1; needed <= number; needed++) {
      const version = versionOf(chain, needed);
      version.writer ??= possible.get(needed);
      if (version.writer !== undefined) continue;
      const operation = (witness.seenBy[0] ?? witness.writer) as Operation;
      const explanation = `${nameOperation(operation)} needs version ${needed}, which nobody can have made.`;
      anomalies.push({ kind: "gap", explanation, operations: [operation], culprit: operation });
    }
    previous = Math.max(previous, number);
  }
  return anomalies;
}

/** For every version from 1 to the last, the bounds of the moment it became current, and who set them. */
interface Bounds {
  readonly number: number;
  earliest: Operation | undefined;
  latest: Operation | undefined;
}

function boundsOf(chain: Chain): Bounds[] {
  let last = 0;
  for (const number of chain.versions.keys()) last = Math.max(last, number);
  const bounds: Bounds[] = [];
  let earliest: Operation | undefined;
  const laterOf = (operation: Operation): void => {
    if (earliest === undefined || operation.invokeIndex > earliest.invokeIndex) earliest = operation;
  };
  for (let number = 1; number <= last; number++) {
    for (const operation of chain.versions.get(number - 1)?.seenBy ?? []) laterOf(operation);
    const writer = chain.versions.get(number)?.writer;
    if (writer !== undefined) laterOf(writer);
    bounds.push({ number, earliest, latest: undefined });
  }
  let latest: Operation | undefined;
  for (const bound of bounds.toReversed()) {
    const version = chain.versions.get(bound.number);
    for (const operation of [version?.writer, ...(version?.seenBy ?? [])]) {
      if (operation === undefined) continue;
      if (latest === undefined || operation.returnIndex < latest.returnIndex) latest = operation;
    }
    bound.latest = latest;
  }
  return bounds;
}

function contradictions(chain: Chain): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const told = new Set<Operation>();
  for (const { number, earliest, latest } of boundsOf(chain)) {
    if (earliest === undefined || latest === undefined || latest.returnIndex >= earliest.invokeIndex) continue;
    if (told.has(earliest)) continue;
    told.add(earliest);
    anomalies.push(contradiction(chain, number, latest, earliest));
  }
  return anomalies;
}

/** `first` knew of `number` or a later version and had returned when `second`, which belongs before, was invoked. */
function contradiction(chain: Chain, number: number, first: Operation, second: Operation): Anomaly {
  const isStale = second.f !== "advance" || second.outcome !== "ok" && second.outcome !== "unknown";
  const kind = isStale ? "stale-read" : first.f === "read" ? "future-read" : "real-time";
  const should = isStale ? `saw a version older than ${number}` : "had to come before it";
  const writer = chain.versions.get(number)?.writer;
  const operations = [...new Set([writer, first, second])].filter((operation) => operation !== undefined);
  return {
    kind,
    explanation: `${nameOperation(first)} had returned, so version ${number} was there, when ` +
      `${nameOperation(second)} was invoked, which ${should}.`,
    operations: operations.sort((one, other) => one.invokeIndex - other.invokeIndex),
    culprit: second,
    because: [{ from: first, to: second, label: "real time" }],
  };
}

/** Refusals during the whole of which the version certainly was what the condition asked for. */
function refusals(chain: Chain): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const bounds = boundsOf(chain);
  const firstTryFrom = new Map<number, number>();
  for (const advance of chain.advances) {
    if (advance.outcome !== "unknown") continue;
    const { from } = inputOf(advance);
    firstTryFrom.set(from, Math.min(firstTryFrom.get(from) ?? Infinity, advance.invokeIndex));
  }
  for (const refused of chain.advances) {
    if (refused.outcome !== "refused") continue;
    const { from } = inputOf(refused);
    const current = bounds[from - 1];
    if (from > bounds.length) continue;
    const arrived = from === 0 ? -Infinity : (current?.latest?.returnIndex ?? Infinity);
    const next = bounds[from];
    const left = next === undefined ? (firstTryFrom.get(from) ?? Infinity) : next.earliest?.invokeIndex ?? -Infinity;
    if (arrived >= refused.invokeIndex || left <= refused.returnIndex) continue;
    const witnesses = [current?.latest, next?.earliest].filter((operation) => operation !== undefined);
    anomalies.push({
      kind: "unexplained-refusal",
      explanation: `${nameOperation(refused)} was refused, although version ${from} was there from before it began ` +
        "until after it ended.",
      operations: [...new Set([...witnesses, refused])],
      culprit: refused,
    });
  }
  return anomalies;
}
