// A door for the simulator's statistics: code that reaches a rare and interesting state says so by name, and a run
// counts how often. A test that never gets anywhere near the difficult states proves nothing; the table of these counts
// (`npm run sim -- --coverage`) shows whether it does. Without a sink, which is always the case in production, a
// probe is one comparison. Probes must never influence what the program does.

let sink: ((name: string) => void) | undefined;

/** Notes that the state called `name` was reached. Names are constant sentences without variable parts. */
export function probe(name: string): void {
  if (sink !== undefined) sink(name);
}

/** Counts go to `to` from now on; undefined ends it. For the simulator and tests. */
export function setProbeSink(to: ((name: string) => void) | undefined): void {
  sink = to;
}
