// Linearizability of registers whose written values are all different, in O(n log n) (Gibbons and Korach 1997,
// "Testing shared memories"), for histories too long or too concurrent for a search.
//
// A value's write and its reads form a cluster. They are linearized together, so what counts of a cluster is the
// first moment one of them has ended (`firstReturn`) and the last moment one of them begins (`lastInvoke`). Two
// clusters conflict when each has an operation that ends before one of the other begins. A history is linearizable
// exactly when no read ends before its write begins and no two clusters conflict. Call a zone [firstReturn,
// lastInvoke] forward, and a reversed one backward: no two forward zones overlap, no backward one lies within one.
import { groupByKey, precedes, type Operation } from "./history.ts";
import { nameOperation, verdictOf, type Anomaly, type Verdict } from "./verdict.ts";

interface Cluster {
  readonly value: string;
  /** Undefined for the value that was there at the start: nothing. */
  readonly write: Operation | undefined;
  reads: number;
  /** -Infinity for the start. */
  firstReturn: number;
  firstToReturn: Operation | undefined;
  lastInvoke: number;
  lastInvoked: Operation | undefined;
}

const nothing = "null";

/** Operations are `write` (input: the value) and `read` (output: the value, null for none), of any number of keys. */
export function checkUniqueRegister(operations: Iterable<Operation>): Verdict {
  const anomalies: Anomaly[] = [];
  const repeated: string[] = [];
  let count = 0;
  const byKey = groupByKey(operations);
  for (const [key, group] of byKey) {
    count += group.length;
    const clusters = new Map<string, Cluster>();
    if (!addWrites(group, clusters)) {
      repeated.push(key);
      continue;
    }
    const found = [...addReads(group, clusters), ...conflicts([...clusters.values()])];
    for (const anomaly of found) anomalies.push(key === "" ? anomaly : { ...anomaly, key });
  }
  const unfit = `a value was written twice to ${repeated[0]}: use checkLinearizable`;
  const checked = `${count} operations on ${byKey.size} registers`;
  return verdictOf(anomalies, checked, repeated.length === 0 ? undefined : unfit);
}

/** False when two writes, or a write and the start, have the same value. */
function addWrites(operations: readonly Operation[], clusters: Map<string, Cluster>): boolean {
  clusters.set(nothing, newCluster(nothing, undefined));
  for (const operation of operations) {
    if (operation.f !== "write") continue;
    const value = JSON.stringify(operation.input ?? null);
    if (clusters.has(value)) return false;
    clusters.set(value, newCluster(value, operation));
  }
  return true;
}

function newCluster(value: string, write: Operation | undefined): Cluster {
  return {
    value,
    write,
    reads: 0,
    firstReturn: write?.returnIndex ?? -Infinity,
    firstToReturn: write,
    lastInvoke: write?.invokeIndex ?? -Infinity,
    lastInvoked: write,
  };
}

function addReads(operations: readonly Operation[], clusters: Map<string, Cluster>): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const read of operations) {
    if (read.f !== "read" || read.outcome !== "ok") continue;
    const cluster = clusters.get(JSON.stringify(read.output ?? null));
    const write = cluster?.write;
    if (cluster === undefined) {
      const explanation = `${nameOperation(read)} returned a value that nobody ever wrote.`;
      anomalies.push({ kind: "unwritten-value", explanation, operations: [read], culprit: read });
    } else if (write?.outcome === "failed" || write?.outcome === "refused") {
      const explanation = `${nameOperation(read)} returned the value of ${nameOperation(write)}, which did not happen.`;
      anomalies.push({ kind: "read-of-failed-write", explanation, operations: [write, read], culprit: read });
    } else if (write !== undefined && precedes(read, write)) {
      const explanation = `${nameOperation(read)} had returned before ${nameOperation(write)} was even invoked.`;
      anomalies.push({ kind: "future-read", explanation, operations: [read, write], culprit: read });
    } else {
      extend(cluster, read);
    }
  }
  return anomalies;
}

function extend(cluster: Cluster, read: Operation): void {
  cluster.reads++;
  if (read.returnIndex < cluster.firstReturn) {
    cluster.firstReturn = read.returnIndex;
    cluster.firstToReturn = read;
  }
  if (read.invokeIndex > cluster.lastInvoke) {
    cluster.lastInvoke = read.invokeIndex;
    cluster.lastInvoked = read;
  }
}

/** A write that did not happen, or perhaps not and nobody read it, constrains nothing. */
function counts(cluster: Cluster): boolean {
  return cluster.reads > 0 || cluster.write?.outcome === "ok";
}

function conflicts(clusters: readonly Cluster[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const counting = clusters.filter(counts);
  const forward = counting.filter((one) => one.firstReturn < one.lastInvoke);
  forward.sort((one, other) => one.firstReturn - other.firstReturn);
  /** Of the forward zones so far, the one that reaches furthest. */
  const reaching: Cluster[] = [];
  for (const [at, zone] of forward.entries()) {
    const furthest = reaching[at - 1];
    if (furthest !== undefined && zone.firstReturn < furthest.lastInvoke) anomalies.push(conflict(furthest, zone));
    reaching.push(furthest !== undefined && furthest.lastInvoke > zone.lastInvoke ? furthest : zone);
  }
  for (const zone of counting) {
    if (zone.firstReturn < zone.lastInvoke) continue;
    const around = reaching[countBefore(forward, zone.lastInvoke) - 1];
    if (around !== undefined && zone.firstReturn < around.lastInvoke) anomalies.push(conflict(around, zone));
  }
  return anomalies;
}

/** How many of the zones, in order of their first return, have it before `index`. */
function countBefore(zones: readonly Cluster[], index: number): number {
  let low = 0;
  let high = zones.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((zones[middle] as Cluster).firstReturn < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

function conflict(one: Cluster, other: Cluster): Anomaly {
  const { orders, operations } = smallestProof(one, other);
  const [first, second] = orders.map(({ to }) => to) as [Operation, Operation];
  const culprit = first.invokeIndex > second.invokeIndex ? first : second;
  return {
    kind: culprit.f === "read" ? "stale-read" : "not-linearizable",
    explanation: `${orders.map(orderSentence).join(" ")} Both cannot be: a value is there once, and one at a time.`,
    operations,
    culprit,
    because: orders.flatMap(({ from, to }) => (from === undefined ? [] : [{ from, to, label: "real time" }])),
  };
}

/** That each comes before the other can often be seen in more than one way: the one with the fewest operations. */
function smallestProof(one: Cluster, other: Cluster): Proof {
  const proofs = ordersOf(one, other).flatMap((first) => ordersOf(other, one).map((second): Proof => {
    const shown = [one.write, other.write, first.from, first.to, second.from, second.to];
    const operations = [...new Set(shown)].filter((operation) => operation !== undefined);
    operations.sort((earlier, later) => earlier.invokeIndex - later.invokeIndex);
    return { orders: [first, second], operations };
  }));
  return proofs.reduce((best, proof) => (proof.operations.length < best.operations.length ? proof : best));
}

/** All that shows one cluster to come before another. */
function ordersOf(earlier: Cluster, later: Cluster): readonly Order[] {
  const known = ({ write, firstToReturn, lastInvoked }: Cluster): readonly Operation[] =>
    [write, firstToReturn, lastInvoked].filter((operation) => operation !== undefined);
  const froms = earlier.write === undefined ? [undefined] : known(earlier);
  const tos = known(later);
  return froms.flatMap((from) => tos
    .filter((to) => from === undefined || precedes(from, to))
    .map((to): Order => ({ earlier, later, from, to })));
}

interface Proof {
  readonly orders: readonly [Order, Order];
  readonly operations: readonly Operation[];
}

interface Order {
  readonly earlier: Cluster;
  readonly later: Cluster;
  /** Undefined where the earlier value is the start's. */
  readonly from: Operation | undefined;
  readonly to: Operation;
}

function orderSentence({ earlier, later, from, to }: Order): string {
  if (from === undefined) return `The register was empty before ${nameOperation(to)} began.`;
  return `${earlier.value} must come before ${later.value}, for ${nameOperation(from)} had returned when ` +
    `${nameOperation(to)} began.`;
}
