// Eventually consistent reads, held to what they promise and no more: the value was really written (its write had at
// least begun), never comes from the future, and each replica by itself never goes back, neither behind what it has
// shown nor behind what it has acknowledged.
//
//   write  input { version, value? }, output { replica? }   versions of a key are unique and grow along its history
//   read   output { version, value?, replica? }             version 0 for an item that is not there
//
// What may have lost some of its state in between, as a process that was started again or a replica rebuilt from
// nothing, is another replica: give it another name. An operation of which nobody knows which replica answered it has
// none; such a read is judged by itself.
import { groupByKey, precedes, type Operation } from "./history.ts";
import { nameOperation, sameJson, verdictOf, type Anomaly, type Verdict } from "./verdict.ts";

interface Written {
  readonly version: number;
  readonly value?: unknown;
}

interface Read extends Written {
  readonly replica?: string | undefined;
}

export function checkEventualReads(operations: Iterable<Operation>): Verdict {
  const anomalies: Anomaly[] = [];
  let count = 0;
  const byKey = groupByKey(operations);
  for (const [key, group] of byKey) {
    count += group.length;
    const reads = group.filter((operation) => operation.f === "read" && operation.outcome === "ok");
    for (const anomaly of [...unfounded(group, reads), ...backward(group)]) {
      anomalies.push(key === "" ? anomaly : { ...anomaly, key });
    }
  }
  return verdictOf(anomalies, `${count} operations on ${byKey.size} items`);
}

/** Reads of what was not written, or not yet. */
function unfounded(operations: readonly Operation[], reads: readonly Operation[]): Anomaly[] {
  const writesByVersion = new Map<number, Operation[]>();
  for (const write of operations) {
    if (write.f !== "write") continue;
    const { version } = write.input as Written;
    append(writesByVersion, version, write);
  }
  const anomalies: Anomaly[] = [];
  for (const read of reads) {
    const seen = read.output as Read;
    if (seen.version === 0) continue;
    const writes = (writesByVersion.get(seen.version) ?? []).filter(
      (write) => seen.value === undefined || sameJson((write.input as Written).value, seen.value),
    );
    const happened = writes.filter((write) => write.outcome === "ok" || write.outcome === "unknown");
    if (happened.some((write) => !precedes(read, write))) continue;
    const [kind, why] = happened.length > 0
      ? ["future-read", "had returned before that version's write was invoked"]
      : writes.length > 0
        ? ["read-of-failed-write", "returned a version whose write did not happen"]
        : ["unwritten-value", "returned what nobody ever wrote"];
    const explanation = `${nameOperation(read)} ${why}.`;
    anomalies.push({ kind, explanation, operations: [...writes, read], culprit: read });
  }
  return anomalies;
}

/** Reads at a replica that returned an older version than one that it had shown or acknowledged before they began. */
function backward(operations: readonly Operation[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const byReplica = new Map<string, Operation[]>();
  for (const operation of operations) {
    const replica = operation.outcome === "ok" ? (operation.output as Partial<Read> | null)?.replica : undefined;
    if (replica !== undefined) append(byReplica, replica, operation);
  }
  for (const [replica, own] of byReplica) {
    const reads = own.filter((operation) => operation.f === "read");
    const byInvocation = reads.toSorted((one, other) => one.invokeIndex - other.invokeIndex);
    const byReturn = own.toSorted((one, other) => one.returnIndex - other.returnIndex);
    let newest: Operation | undefined;
    let returned = 0;
    for (const read of byInvocation) {
      for (; returned < byReturn.length; returned++) {
        const earlier = byReturn[returned] as Operation;
        if (!precedes(earlier, read)) break;
        if (newest === undefined || versionAt(earlier) > versionAt(newest)) newest = earlier;
      }
      if (newest === undefined || versionAt(read) >= versionAt(newest)) continue;
      anomalies.push({
        kind: "replica-went-back",
        explanation: `${nameOperation(read)} got version ${versionAt(read)} from ${replica} after ` +
          `${nameOperation(newest)} had ${newest.f === "read" ? "got" : "written"} version ${versionAt(newest)} there.`,
        operations: [newest, read],
        culprit: read,
        because: [{ from: newest, to: read, label: "real time" }],
      });
    }
  }
  return anomalies;
}

/** The version that the item had at the replica when it answered, or at least that. */
function versionAt({ f, input, output }: Operation): number {
  return ((f === "read" ? output : input) as Written).version;
}

function append<Key>(lists: Map<Key, Operation[]>, key: Key, operation: Operation): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [operation]);
  else list.push(operation);
}
