// The committed seeds: each found something once, or reaches a state worth visiting on every build. One line each:
//
//   seed [until=MS] [scenario=NAME] [workloads=a,b]   # why
//
// What a seed does changes whenever code on its way draws another random number; the reason stays, and so does the
// value of a run that once led to trouble.

export interface CorpusEntry {
  readonly seed: string;
  readonly loadMs: number;
  readonly scenario: string;
  readonly workloads: readonly string[] | undefined;
}

const defaultLoadMs = 20_000;

export function parseCorpus(text: string): readonly CorpusEntry[] {
  return text.split("\n").flatMap((line, number): CorpusEntry[] => {
    const [entry = "", why] = line.split("#");
    if (entry.trim() === "") return [];
    if (why === undefined || why.trim() === "") throw new Error(`line ${number + 1} of the corpus does not say why`);
    const [seed, ...settings] = entry.trim().split(/\s+/) as [string, ...string[]];
    const values = new Map(settings.map((setting) => setting.split("=") as [string, string]));
    return [{
      seed,
      loadMs: Number(values.get("until") ?? defaultLoadMs),
      scenario: values.get("scenario") ?? "swarm",
      workloads: values.get("workloads")?.split(","),
    }];
  });
}
