// A bounded cache of compiled expressions by text. Applications send few distinct texts, so a hit is the
// common case and costs one map lookup; recency is kept only when the cache is under pressure, which is why
// the map is cut in two generations: a text found in the old one moves to the young one, and when the young
// one is full the old one is dropped. Only successes are kept: a failing text fails again by being parsed
// again.

export class CompileCache<Compiled> {
  readonly #compile: (text: string) => Compiled;
  readonly #generationMax: number;
  #young = new Map<string, Compiled>();
  #old = new Map<string, Compiled>();

  constructor(entriesMax: number, compile: (text: string) => Compiled) {
    this.#compile = compile;
    this.#generationMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(text: string): Compiled {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    const compiled = old ?? this.#compile(text);
    this.#keep(text, compiled);
    return compiled;
  }

  #keep(text: string, compiled: Compiled): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, compiled);
  }
}
