// The cluster test's load against the containers of docker-compose.yml while zones are cut off and lose power; run by
// hand, with the cluster up:   node scripts/run.cjs test/compose/partition.ts [--rounds 6]
//
// Each round cuts one zone off the others for a while (deploy/partition), heals it, soon after cuts the power of the
// next zone and gives it back, and then waits until every replica has caught up. At the end: how long clients
// waited in each round, what failed for good, and whether any answer was wrong.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ClusterStatus } from "@azimuth/console/cluster-status.ts";
import { createClient, createWorkloadTable, Workload, type Endpoint } from "../cluster/workload.ts";

const root = join(import.meta.dirname, "..", "..");
const project = process.env["COMPOSE_PROJECT_NAME"] ?? basename(root).toLowerCase().replace(/[^a-z0-9_-]/g, "");
const consoleUrl = "http://127.0.0.1:8080";
const endpointUrl = "http://127.0.0.1:8000";
const zones = ["az-1", "az-2", "az-3"];
const clients = 16;
const calmMs = 3000;
const cutMs = 8000;
const healedMs = 3000;
const darkMs = 3000;
const catchUpLimitMs = 60_000;
const startLimitMs = 60_000;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "6" } } });
const rounds = Number(values.rounds);
const client = createClient(await endpointOnceUp());
const table = `partition-${randomUUID().slice(0, 8)}`;
await createWorkloadTable(client, table);
const workload = new Workload(client, table, clients);
workload.start();
await wait(calmMs);
for (let round = 0; round < rounds; round++) await runRound(round);
const report = await workload.finish();
client.destroy();
process.stdout.write(`${report.operations} calls, ${report.refused} refused conditions\n`);
for (const { kind, error, atMs } of report.failures) say(`failed for good at ${atMs.toFixed(0)} ms: ${kind}, ${error}`);
for (const violation of report.violations) say(`VIOLATION ${violation}`);
say(`${report.violations.length} violations, ${report.failures.length} calls failed for good`);
process.exitCode = report.violations.length + report.failures.length > 0 ? 1 : 0;

async function runRound(round: number): Promise<void> {
  const cutZone = zones[round % zones.length] as string;
  const darkZone = zones[(round + 1) % zones.length] as string;
  const failedBefore = workload.failed;
  const cutAt = performance.now();
  partition("cut", cutZone);
  await wait(cutMs);
  const healedAt = performance.now();
  partition("heal", cutZone);
  await wait(healedMs);
  const darkAt = performance.now();
  await act("kill", darkZone);
  await wait(darkMs);
  const backAt = performance.now();
  await act("restart", darkZone);
  await caughtUp();
  const caughtUpMs = performance.now() - backAt;
  await wait(calmMs);
  const waited = (from: number, to: number): string => workload.outageAfter(from, to - from).toFixed(0).padStart(5);
  say(
    `round ${round + 1}: longest call, ${cutZone} cut ${waited(cutAt, healedAt)} ms, healed ${waited(healedAt, darkAt)} ms, ` +
      `${darkZone} dark ${waited(darkAt, backAt)} ms, back ${waited(backAt, performance.now())} ms; ` +
      `caught up after ${caughtUpMs.toFixed(0)} ms; ${workload.failed - failedBefore} failed`,
  );
}

async function endpointOnceUp(): Promise<Endpoint> {
  for (const deadline = performance.now() + startLimitMs; ; await wait(1000)) {
    try {
      return readEndpoint();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

function readEndpoint(): Endpoint {
  const filters = [`label=com.docker.compose.project=${project}`, "label=com.docker.compose.service=router-1"];
  const container = docker("ps", "-q", ...filters.flatMap((filter) => ["--filter", filter])).trim();
  if (container === "") throw new Error(`no router-1 runs in the compose project ${project}; is the cluster up?`);
  const lines = docker("exec", container, "node", "deploy/credentials.ts");
  const valueOf = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(lines)?.[1] ?? "";
  return {
    url: endpointUrl,
    accessKeyId: valueOf("AWS_ACCESS_KEY_ID"),
    secretAccessKey: valueOf("AWS_SECRET_ACCESS_KEY"),
  };
}

function docker(...words: readonly string[]): string {
  return execFileSync("docker", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function partition(what: "cut" | "heal", zone: string): void {
  execFileSync(join(root, "deploy", "partition"), [what, zone], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, COMPOSE_PROJECT_NAME: project },
  });
}

async function act(action: "kill" | "restart", target: string): Promise<void> {
  const response = await fetch(`${consoleUrl}/api/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ target }),
  });
  if (!response.ok) throw new Error(`${action} ${target}: ${await response.text()}`);
}

async function caughtUp(): Promise<void> {
  const deadline = performance.now() + catchUpLimitMs;
  while (!(await isCaughtUp())) {
    if (performance.now() > deadline) throw new Error(`the replicas did not catch up within ${catchUpLimitMs} ms`);
    await wait(200);
  }
}

/** Every node answers, and every replica has applied what its leader had committed. */
async function isCaughtUp(): Promise<boolean> {
  const response = await fetch(`${consoleUrl}/api/status`);
  const { nodes, partitions } = (await response.json()) as ClusterStatus;
  if (nodes.some(({ state }) => state !== "running")) return false;
  return partitions.every(({ leader, voters, replicas }) => {
    const committed = replicas.find(({ node }) => node === leader)?.commit ?? Infinity;
    return replicas.length >= voters && replicas.every(({ initialised, applied }) => initialised && applied >= committed);
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
