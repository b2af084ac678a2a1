// The rare states that a swarm must reach to be worth its time, and the table that says how often it did. Each name is
// that of a probe in the code (foundation/probe.ts).
import { buggifySites } from "./mischief.ts";

export const expectedProbes: readonly string[] = [
  ...buggifySites,
  "a candidate was ignored for the leader that is heard",
  "a crash came between the log and the engine",
  "a damaged record was found in the log",
  "a follower refused entries that do not fit its log",
  "a leader gave up because it heard no majority",
  "a leader left the group that it led",
  "a leader offered a snapshot",
  "a leader was elected between two configurations",
  "a learner was made a voter",
  "a new leader inherited entries that are not committed",
  "a node came back with an empty disk",
  "a quiet group woke",
  "a refusal waited for what it saw to be committed",
  "a replacement was given up",
  "a replica campaigned because its leader's node was gone",
  "a replica that is to be removed led its group",
  "a replica was closed because its state cannot be trusted",
  "a retry met an earlier attempt that is not applied yet",
  "a retry was answered from the record of an earlier attempt",
  "a router could not tell whether a write happened",
  "a router was pointed to another leader",
  "a router without a map could not ask for a table",
  "a snapshot was installed",
  "a snapshot was not received to its end",
  "a snapshot was offered while entries were under way",
  "a torn write was cut off the log",
  "an expired item was deleted",
  "an item that was to expire had been prolonged",
  "entries of an earlier leader were replaced",
  "entries of an earlier term waited for one of this term",
  "live records were moved out of an old segment of the log",
  "the control plane's leader changed with commands under way",
];

export function formatCoverage(
  probes: Readonly<Record<string, number>>,
  seeds: number,
): { readonly text: string; readonly isComplete: boolean } {
  const names = [...new Set([...expectedProbes, ...Object.keys(probes)])].sort();
  const missing = expectedProbes.filter((name) => (probes[name] ?? 0) === 0);
  const lines = names.map((name) => `${String(probes[name] ?? 0).padStart(10)}  ${name}`);
  const verdict = missing.length === 0 ? "every one was reached" : `never reached: ${missing.join("; ")}`;
  const text = `rare states over ${seeds} seeds\n${lines.join("\n")}\n${verdict}\n`;
  return { text, isComplete: missing.length === 0 };
}
