// Starts and stops a local cluster: three zones of storage nodes, a router and a console, owned by one agent that runs
// on after this process ends. Everything starts at once; started means that the router is healthy and has
// handed out the root access key. Tests use the same functions with free ports and a directory of their own.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ProcessesReply } from "@azimuth/host-agent/host-agent.ts";
import type { FetchJson } from "@azimuth/host-agent/http.ts";
import { createFetchJson } from "@azimuth/host-agent/http-client.ts";
import { endLeftovers } from "./leftovers.ts";
import { logTail, readCredentials, readLocalCluster, writeCredentials, writeLocalCluster } from "./local-files.ts";
import type { Credentials } from "./local-files.ts";
import { planLocalCluster, zones, type LocalCluster } from "./local-plan.ts";
import { choosePorts } from "./local-ports.ts";

export interface StartOptions {
  readonly directory: string;
  readonly region?: string | undefined;
  /** Kept from the last start when left out; one at first. */
  readonly nodesPerZone?: number | undefined;
  readonly auth?: boolean;
  readonly port?: number | undefined;
  readonly consolePort?: number | undefined;
  readonly freePorts?: boolean;
  readonly logLevel?: string | undefined;
  readonly ttlSweepMs?: number | undefined;
  readonly ttlUpdateIntervalMs?: number | undefined;
  readonly partitionMb?: number | undefined;
  readonly timeoutMs?: number;
  /** Where services/ is, if not in this repository: tests put dummies there. */
  readonly sources?: string;
}

export interface StartedCluster {
  readonly cluster: LocalCluster;
  /** Undefined when authentication is off. */
  readonly credentials: Credentials | undefined;
  readonly alreadyRan: boolean;
  /** Names of processes of an earlier start that had lost their agent. */
  readonly endedLeftovers: readonly string[];
}

/** A reason a person can act on; its message is shown as it is. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}

const root = join(import.meta.dirname, "..", "..", "..");
const pollMs = 15;
const askMs = 1_000;
const shutdownMs = 60_000;
const defaultTimeoutMs = 30_000;

export async function startLocalCluster(options: StartOptions): Promise<StartedCluster> {
  const { directory } = options;
  const fetchJson = createFetchJson();
  const last = readLocalCluster(directory);
  if (last !== undefined && (await agentReport(fetchJson, last)) !== undefined) {
    return { cluster: last, credentials: readCredentials(directory), alreadyRan: true, endedLeftovers: [] };
  }
  const endedLeftovers = last === undefined ? [] : await endLeftovers(directory, last);
  const nodesPerZone = options.nodesPerZone ?? last?.nodesPerZone ?? 1;
  const cluster = planLocalCluster({
    root, sources: options.sources ?? root, directory, nodesPerZone,
    node: process.execPath,
    cluster: "local",
    run: randomUUID(),
    region: options.region ?? last?.region ?? "us-east-1",
    auth: options.auth ?? true,
    logLevel: options.logLevel ?? "info",
    ttlSweepMs: options.ttlSweepMs,
    ttlUpdateIntervalMs: options.ttlUpdateIntervalMs,
    partitionMb: options.partitionMb,
    ports: await choosePorts({
      endpoint: options.port, console: options.consolePort, nodes: nodesPerZone * zones.length, last: last?.ports,
      anyFree: options.freePorts === true,
    }),
  });
  writeLocalCluster(directory, cluster);
  const agent = spawnAgent(directory, cluster);
  const credentials = await untilUsable(fetchJson, cluster, {
    directory, agent, timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
  });
  if (credentials !== undefined) writeCredentials(directory, credentials);
  return { cluster, credentials, alreadyRan: false, endedLeftovers };
}

/** What was stopped; undefined when nothing ran. */
export async function stopLocalCluster(directory: string): Promise<readonly string[] | undefined> {
  const cluster = readLocalCluster(directory);
  if (cluster === undefined) return undefined;
  const fetchJson = createFetchJson();
  if ((await agentReport(fetchJson, cluster)) === undefined) {
    const ended = await endLeftovers(directory, cluster);
    return ended.length === 0 ? undefined : ended;
  }
  const url = `http://${cluster.agents[0]}/shutdown`;
  const result = await fetchJson(url, { method: "POST", body: {}, timeoutMs: shutdownMs });
  if (result.kind === "unreachable") throw new ClusterError(`The agent did not finish stopping: ${result.reason}.`);
  while ((await agentReport(fetchJson, cluster)) !== undefined) await wait(pollMs);
  return (result.body as ProcessesReply).processes.map(({ name }) => name);
}

/** The processes as the cluster's own agent reports them; undefined when it does not run. */
export async function agentReport(fetchJson: FetchJson, cluster: LocalCluster): Promise<ProcessesReply | undefined> {
  const result = await fetchJson(`http://${cluster.agents[0]}/processes`, { timeoutMs: askMs });
  if (result.kind === "unreachable" || result.status !== 200) return undefined;
  const reply = result.body as ProcessesReply;
  return reply.run === cluster.run ? reply : undefined;
}

interface AgentProcess {
  ended: boolean;
}

/** Its own session and no terminal: neither Ctrl-C nor closing the terminal reaches it. */
function spawnAgent(directory: string, cluster: LocalCluster): AgentProcess {
  const output = openSync(join(directory, "logs", "agent.log"), "a");
  const main = join(root, "services", "host-agent", "src", "main.ts");
  const child = spawn(process.execPath, [
    "--disable-warning=ExperimentalWarning", main,
    "--name", cluster.cluster, "--listen", cluster.agents[0] ?? "", "--manifest", join(directory, "cluster.json"),
  ], {
    cwd: root, detached: true, stdio: ["ignore", output, output],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "azimuth") },
  });
  closeSync(output);
  const agent: AgentProcess = { ended: false };
  child.once("exit", () => (agent.ended = true));
  child.once("error", () => (agent.ended = true));
  child.unref();
  return agent;
}

async function untilUsable(
  fetchJson: FetchJson, cluster: LocalCluster,
  options: { readonly directory: string; readonly agent: AgentProcess; readonly timeoutMs: number },
): Promise<Credentials | undefined> {
  const deadline = performance.now() + options.timeoutMs;
  for (let round = 1; ; round++) {
    if (options.agent.ended) throw failedStart(options.directory, "agent", "The host agent ended");
    const credentials = await readyCredentials(fetchJson, cluster);
    if (credentials !== undefined) return credentials === "none" ? undefined : credentials;
    if (round % 20 === 0) await checkProcesses(fetchJson, cluster, options.directory);
    if (performance.now() > deadline) {
      throw new ClusterError(
        `The router did not become usable within ${options.timeoutMs / 1000} s; ` +
        `see ${join(options.directory, "logs")}; \`npx azimuth status\` shows what runs, \`npm run stop\` ends it.`,
      );
    }
    await wait(pollMs);
  }
}

async function readyCredentials(
  fetchJson: FetchJson, cluster: LocalCluster,
): Promise<Credentials | "none" | undefined> {
  const path = cluster.auth ? "/bootstrap-credentials" : "/health";
  const result = await fetchJson(`http://${cluster.routerHttp}${path}`, { timeoutMs: askMs });
  if (result.kind === "unreachable" || result.status !== 200) return undefined;
  if (!cluster.auth) return "none";
  const { accessKeyId, secretAccessKey } = result.body as Partial<Credentials>;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") return undefined;
  return { accessKeyId, secretAccessKey };
}

/** A process that ended by itself while starting will not come back: stop the rest and say what it said last. */
async function checkProcesses(fetchJson: FetchJson, cluster: LocalCluster, directory: string): Promise<void> {
  const exited = (await agentReport(fetchJson, cluster))?.processes.find(({ state }) => state === "exited");
  if (exited === undefined) return;
  await stopLocalCluster(directory);
  throw failedStart(directory, exited.name, `${exited.name} ended while starting (${exited.lastExit})`);
}

function failedStart(directory: string, name: string, sentence: string): ClusterError {
  const log = join(directory, "logs", `${name}.log`);
  return new ClusterError(`${sentence}. The end of ${log}:\n${logTail(directory, name, 12)}`);
}
