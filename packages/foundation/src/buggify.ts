// A door for the simulator's mischief: where code has a rare legal path beside the usual one (a smaller batch, a
// snapshot instead of appends, an answer that might as well have been lost), it asks here whether to take it. The
// simulator activates some sites for a run and lets each fire now and then, so that paths which need an unlikely
// schedule are walked in every batch of seeds. Sites are compiled in always. Without a decider, which is always the
// case in production, a site is one comparison and never fires.
//
// Whatever a site does must be right at any moment: it may cost time, never correctness. A site's name is a constant
// sentence, used once (packages/simulation/src/mischief.ts lists them).

let decide: ((site: string) => boolean) | undefined;

/** Whether to take the rare path called `site` this time. */
export function buggify(site: string): boolean {
  return decide !== undefined && decide(site);
}

/** `by` decides from now on; undefined ends it. For the simulator and tests only. */
export function setBuggifyDecider(by: ((site: string) => boolean) | undefined): void {
  decide = by;
}
