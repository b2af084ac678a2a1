// Chooses the ports of a local cluster: the ones it had or the well-known ones where they are free, and random ones
// otherwise, so that two clusters can run side by side. Random ones lie below the range from which operating
// systems take ports for outgoing connections, or one might be taken between the choice and its use. A port
// that was asked for by name is never replaced: its caller is told instead.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { localHost, type LocalPorts } from "./local-plan.ts";

export interface PortWishes {
  readonly endpoint: number | undefined;
  readonly console: number | undefined;
  readonly nodes: number;
  /** The ports of the last start; kept where they are free. */
  readonly last: LocalPorts | undefined;
  /** True takes free ports everywhere, for tests that run several clusters. */
  readonly anyFree?: boolean;
}

export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

const randomPorts = { first: 10_000, end: 32_000 };
const randomTries = 50;

export async function choosePorts(wishes: PortWishes): Promise<LocalPorts> {
  const taken = new Set<number>();
  const { last } = wishes;
  const choose = (before: number | undefined, known: number): Promise<number> =>
    claim(taken, [before, wishes.anyFree === true ? undefined : known].filter((port) => port !== undefined), true);
  const [endpoint, page] = await Promise.all([
    wishes.endpoint === undefined ? choose(last?.endpoint, 8000) : claim(taken, [wishes.endpoint], false),
    wishes.console === undefined ? choose(last?.console, 8080) : claim(taken, [wishes.console], false),
  ]);
  const [agent, routerHttp] = await Promise.all([choose(last?.agent, 7300), choose(last?.routerHttp, 7400)]);
  const nodes = await Promise.all(Array.from({ length: wishes.nodes }, async (_, index) => {
    const before = last?.nodes[index];
    const [grpc, http] = await Promise.all([choose(before?.grpc, 7101 + index), choose(before?.http, 7201 + index)]);
    return { grpc, http };
  }));
  return { endpoint, console: page, agent, routerHttp, nodes };
}

/** The first candidate that is free, or else, where that is allowed, any port that is. */
async function claim(taken: Set<number>, candidates: readonly number[], orAny: boolean): Promise<number> {
  const random = orAny ? Array.from({ length: randomTries }, () => randomInt(randomPorts.first, randomPorts.end)) : [];
  for (const candidate of [...candidates, ...random]) {
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    if (await isFree(candidate)) return candidate;
  }
  throw new PortTakenError(`Port ${candidates[0]} is taken; choose another one.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: localHost, port }, () => server.close(() => resolve(true)));
  });
}
