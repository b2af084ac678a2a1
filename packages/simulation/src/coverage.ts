// The rare states that a swarm must reach to be worth its time, and the tables that say how often it did, and how often
// each kind of fault struck. Each state's name is that of a probe in the code (foundation/probe.ts).
import { buggifySites } from "./mischief.ts";

export const expectedProbes: readonly string[] = [
  ...buggifySites,
  "a candidate was ignored for the leader that is heard",
  "a crash came between the log and the engine",
  "a damaged record was found in the log",
  "a follower refused entries that do not fit its log",
  "a leader gave up because it heard no majority",
  "a leader left the group that it led",
  "a lock was ended whose transaction another had committed",
  "a lock was ended whose transaction nobody had committed",
  "a leader offered a snapshot",
  "a leader was elected between two configurations",
  "a learner was made a voter",
  "a new leader inherited entries that are not committed",
  "a node came back with an empty disk",
  "a quiet group woke",
  "a refusal waited for what it saw to be committed",
  "a replacement was given up",
  "a replica campaigned because its leader's node was gone",
  "a replica split",
  "a replica split several times at once",
  "a replica that is to be removed led its group",
  "a replica was closed because its state cannot be trusted",
  "a retry met an earlier attempt that is not applied yet",
  "a retry was answered from the record of an earlier attempt",
  "a response to a client was lost after its request was carried out",
  "a router could not tell whether a write happened",
  "a router heard of a split from a replica",
  "a router was pointed to another leader",
  "a router without a map could not ask for a table",
  "a snapshot was installed",
  "a snapshot was not received to its end",
  "a snapshot was offered while entries were under way",
  "a sweep of the ledger settled a transaction",
  "a torn write was cut off the log",
  "a transaction was aborted before its coordinator could commit it",
  "a transaction was taken over",
  "an entry that was to split a partition came too late",
  "an expired item was deleted",
  "an item that was to expire had been prolonged",
  "entries of an earlier leader were replaced",
  "entries of an earlier term waited for one of this term",
  "live records were moved out of an old segment of the log",
  "the control plane's leader changed with commands under way",
  "two replicas led a group at once, each by what it knew",
];

type Counts = Readonly<Record<string, number>>;

export function formatCoverage(
  counts: { readonly probes: Counts; readonly faults: Counts },
  /** Kinds of faults that the seeds drew from. */
  kinds: readonly string[],
  seeds: number,
): { readonly text: string; readonly isComplete: boolean } {
  const states = formatTable(counts.probes, expectedProbes);
  const strikes = formatTable(counts.faults, kinds);
  const missing = [...states.missing, ...strikes.missing];
  const verdict = missing.length === 0 ? "every one was reached" : `never reached: ${missing.join("; ")}`;
  const text = `faults that struck in ${seeds} seeds\n${strikes.text}\nrare states\n${states.text}\n${verdict}\n`;
  return { text, isComplete: missing.length === 0 };
}

function formatTable(counts: Counts, expected: readonly string[]) {
  const names = [...new Set([...expected, ...Object.keys(counts)])].sort();
  const text = names.map((name) => `${String(counts[name] ?? 0).padStart(10)}  ${name}`).join("\n");
  return { text, missing: expected.filter((name) => (counts[name] ?? 0) === 0) };
}
