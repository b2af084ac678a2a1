// One port in front of several routers: passes each TCP connection to a router, in turn, and tries the next when one
// refuses or does not answer. It reads nothing of what passes through. Each router's health page is asked all the
// time; a router that twice in a row does not say that it is well gets no new connections and loses those it has,
// because a cut network and a hung process say nothing by themselves, and a client that is cut off connects again
// at once, as the AWS SDKs do, while one that waits would wait for minutes. While no router can be connected to at all,
// a new client is held for a while instead: the SDKs give up after three refusals, which take a fraction of a second.
//   node deploy/balancer.ts --listen 0.0.0.0:8000 --to router-1:8000/7400,router-2:8000/7400
import { get } from "node:http";
import { connect, createServer, isIP, type LookupFunction, type Server, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { createAddressBook } from "@azimuth/rpc/address-book.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Where its GET /health is. */
  readonly healthPort: number;
}

export interface BalancerOptions {
  readonly targets: readonly Target[];
  /** How long a target may take to accept before the next one is tried. */
  readonly connectLimitMs: number;
  /** How long a client is held while no target accepts. */
  readonly patienceMs: number;
  readonly isWell: (target: Target) => Promise<boolean>;
}

export interface Balancer {
  readonly server: Server;
  /** Asks every target once; to be called again and again. */
  checkHealth(): Promise<void>;
}

interface Route {
  readonly target: Target;
  readonly connections: Set<Socket>;
  failures: number;
}

const connectionsMax = 10_000;
const failuresMax = 2;
const checkEveryMs = 300;
const healthLimitMs = 700;
const connectLimitMs = 500;
const patienceMs = 10_000;
const holdMs = 100;

const addresses = createAddressBook();

export function createBalancer(options: BalancerOptions): Balancer {
  const routes = options.targets.map((target): Route => ({ target, connections: new Set(), failures: 0 }));
  let next = 0;
  const server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true }, (client) => {
    client.on("error", () => client.destroy());
    const inTurn = [...routes.slice(next), ...routes.slice(0, next)];
    next = (next + 1) % routes.length;
    const giveUpAt = performance.now() + options.patienceMs;
    const attempt = (): void => {
      const wellFirst = inTurn.toSorted((left, right) => Number(isDown(left)) - Number(isDown(right)));
      tryRoutes(client, wellFirst, options.connectLimitMs, () => {
        if (performance.now() + holdMs > giveUpAt) client.destroy();
        else setTimeout(attempt, holdMs);
      });
    };
    attempt();
  });
  server.maxConnections = connectionsMax;
  return {
    server,
    checkHealth: async () => void (await Promise.all(routes.map((route) => check(route, options.isWell)))),
  };
}

function isDown(route: Route): boolean {
  return route.failures >= failuresMax;
}

async function check(route: Route, isWell: BalancerOptions["isWell"]): Promise<void> {
  route.failures = (await isWell(route.target)) ? 0 : route.failures + 1;
  // Only as it goes down: connections made since then are a last resort, and may find it better than it seems.
  if (route.failures !== failuresMax) return;
  for (const connection of route.connections) connection.destroy();
}

function tryRoutes(client: Socket, order: readonly Route[], limitMs: number, failed: () => void): void {
  const [route, ...rest] = order;
  if (client.destroyed) return;
  if (route === undefined) return failed();
  const { host, port } = route.target;
  const upstream = connect({ host, port, noDelay: true, allowHalfOpen: true, lookup });
  upstream.setTimeout(limitMs);
  const giveUp = (): void => {
    upstream.destroy();
    tryRoutes(client, rest, limitMs, failed);
  };
  upstream.once("error", giveUp);
  upstream.once("timeout", giveUp);
  upstream.once("connect", () => {
    upstream.off("error", giveUp);
    upstream.off("timeout", giveUp);
    upstream.setTimeout(0);
    route.connections.add(upstream);
    upstream.once("close", () => route.connections.delete(upstream));
    join(client, upstream);
  });
}

/** The end or the loss of one side is the end or the loss of the other. */
function join(client: Socket, upstream: Socket): void {
  client.on("error", () => upstream.destroy());
  client.on("close", () => upstream.destroy());
  upstream.on("error", () => client.destroy());
  upstream.on("close", () => client.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}

function askHealth(target: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(healthLimitMs);
    const where = { host: target.host, port: target.healthPort, path: "/health", lookup };
    const request = get({ ...where, agent: false, signal }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}

/** For sockets: the name of a router that is cut off may be unknown for as long as that lasts. */
const lookup: LookupFunction = (host, options, callback) => {
  addresses.find(host, (address) => process.nextTick(() => {
    if (address === undefined) return callback(new Error(`${host} has no address`), "", 0);
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  }));
};

export function parseTarget(text: string): Target {
  const match = /^([^:/]+):(\d+)\/(\d+)$/.exec(text.trim());
  if (match === null) throw new RangeError(`"${text}" is not of the form host:port/health-port.`);
  return { host: match[1] as string, port: Number(match[2]), healthPort: Number(match[3]) };
}

function main(): void {
  const { values } = parseArgs({ options: { listen: { type: "string" }, to: { type: "string" } } });
  const [host, port] = (values.listen ?? "0.0.0.0:8000").split(":");
  const targets = (values.to ?? "").split(",").map(parseTarget);
  const { server, checkHealth } = createBalancer({ targets, connectLimitMs, patienceMs, isWell: askHealth });
  server.listen(Number(port), host);
  const checkForEver = (): void => void checkHealth().then(() => setTimeout(checkForEver, checkEveryMs));
  checkForEver();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`balancer: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
