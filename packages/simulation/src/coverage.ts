// The rare states that a swarm must reach to be worth its time, and the table that says how often it did. Each name is
// that of a probe in the code (foundation/probe.ts).

export const expectedProbes: readonly string[] = [];

export function formatCoverage(
  probes: Readonly<Record<string, number>>,
  seeds: number,
): { readonly text: string; readonly isComplete: boolean } {
  const names = [...new Set([...expectedProbes, ...Object.keys(probes)])].sort();
  const missing = expectedProbes.filter((name) => (probes[name] ?? 0) === 0);
  const lines = names.map((name) => `${String(probes[name] ?? 0).padStart(10)}  ${name}`);
  const verdict = missing.length === 0 ? "every one was reached" : `never reached: ${missing.join("; ")}`;
  return { text: `rare states over ${seeds} seeds\n${lines.join("\n")}\n${verdict}\n`, isComplete: missing.length === 0 };
}
