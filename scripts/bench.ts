// npm run bench: Azimuth beside dynalite and a three-node etcd, in one run on this machine.
//
//   npm run bench -- [--quick] [--only azimuth,etcd] [--operations PutItem,GetItem] [--seconds 5]
//                    [--rounds 3] [--connections 64] [--json FILE] [--profile DIR] [--directory DIR]
//
// The systems run side by side and take turns, operation by operation and round by round, so that what the
// machine does meanwhile meets them all; the medians of the rounds are shown. CPU time is that of all server
// processes of a system, user and system, divided by the operations; the load generator's is not counted.
// --profile takes CPU profiles of Azimuth's processes in the last round and sums them up. Everything started
// here is stopped again, whatever happens.
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { syncedAppends } from "../test/bench/disk.ts";
import type { LoadAnswer, LoadOrder, LoadResult } from "../test/bench/load-generator.ts";
import { operationNames, type OperationName } from "../test/bench/operations.ts";
import { cpuMicroseconds, stopChild } from "../test/bench/processes.ts";
import { profileTable, sumProfile, type ProfileSum } from "../test/bench/profile-summary.ts";
import { inspectorAddress, inspectorOptions, Profiler } from "../test/bench/profiler.ts";
import { resultTable, type Cell, type Latency } from "../test/bench/report.ts";
import {
  MissingSystemError, startSystem, systemNames, type System, type SystemName,
} from "../test/bench/systems.ts";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({ options: {
  quick: { type: "boolean", default: false },
  only: text, operations: text, seconds: text, rounds: text, connections: text,
  json: text, profile: text, directory: text,
} });

const seconds = Number(flags.seconds ?? (flags.quick ? 2.5 : 5));
const warmUpSeconds = flags.quick ? 1.5 : 6;
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 3));
const connections = Number(flags.connections ?? 64);
const chosenSystems = pick(systemNames, flags.only);
const chosenOperations = pick(operationNames, flags.operations);
const latencySeconds = 2;
const syncedAppendsCount = 500;
const functionsShown = 45;

const directory = mkdtempSync(join(flags.directory ?? tmpdir(), "azimuth-bench-"));
const systems: System[] = [];
const generator = fork(join(import.meta.dirname, "..", "test", "bench", "load-generator.ts"), {
  execArgv: ["--disable-warning=ExperimentalWarning"],
});

let stopping: Promise<void> | undefined;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interrupted = true;
    generator.kill("SIGKILL");
  });
}

try {
  await bench();
} catch (error) {
  process.stderr.write(interrupted ? "bench: interrupted\n" : `bench: ${(error as Error).stack ?? error}\n`);
  process.exitCode = 1;
} finally {
  await stopEverything();
}

/** The names chosen by a comma-separated list of beginnings; all of them without a list. */
function pick<Name extends string>(names: readonly Name[], list: string | undefined): readonly Name[] {
  if (list === undefined) return names;
  const wanted = list.split(",").map((word) => word.trim().toLowerCase());
  const chosen = names.filter((name) => wanted.some((word) => name.toLowerCase().startsWith(word)));
  if (chosen.length === 0) throw new TypeError(`none of ${names.join(", ")} begins with ${list}`);
  return chosen;
}

async function bench(): Promise<void> {
  for (const name of chosenSystems) await start(name);
  if (systems.length === 0) return;
  say(`warming up, ${warmUpSeconds} s each`);
  for (const [operation, system] of turns()) await load(system, operation, connections, warmUpSeconds);
  const cells: Cell[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const [operation, system] of turns()) {
      const profiled = flags.profile !== undefined && round === rounds && system.name === "azimuth";
      cells.push(profiled ? await measureProfiled(system, operation) : await measure(system, operation));
    }
  }
  const latencies = await singleClientLatencies();
  process.stdout.write(resultTable(cells, latencies, { seconds, rounds, connections }));
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify({ seconds, rounds, connections, cells, latencies }, undefined, 2)}\n`);
  }
}

async function start(name: SystemName): Promise<void> {
  say(`starting ${name}`);
  const path = join(directory, name);
  mkdirSync(path);
  const options = process.env.NODE_OPTIONS;
  if (flags.profile !== undefined && name === "azimuth") process.env.NODE_OPTIONS = inspectorOptions;
  try {
    systems.push(await startSystem(name, path));
  } catch (error) {
    if (!(error instanceof MissingSystemError)) throw error;
    say(`${error.message}; going on without it.`);
  } finally {
    if (options === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = options;
  }
  if (interrupted) throw new Error("interrupted");
}

function turns(): readonly (readonly [OperationName, System])[] {
  return chosenOperations.flatMap((operation) =>
    systems.filter((system) => system.operations.includes(operation)).map((system) => [operation, system] as const));
}

async function measure(system: System, operation: OperationName): Promise<Cell> {
  const pids = system.processes.map(({ pid }) => pid);
  const before = cpuMicroseconds(pids);
  const result = await load(system, operation, connections, seconds);
  const used = cpuMicroseconds(pids) - before;
  return {
    system: system.name, operation,
    perSecond: result.operations / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuMicroseconds: used / result.operations,
    operations: result.operations,
  };
}

async function measureProfiled(system: System, operation: OperationName): Promise<Cell> {
  const into = flags.profile as string;
  mkdirSync(into, { recursive: true });
  const profiled = system.processes.filter(({ name }) => name !== "console");
  const profilers = await Promise.all(profiled.map(({ name }) =>
    Profiler.connect(inspectorAddress(join(directory, system.name, "logs", `${name}.log`)))));
  await Promise.all(profilers.map((profiler) => profiler.start()));
  const cell = await measure(system, operation);
  const sums = new Map<string, ProfileSum>();
  for (const [position, { name }] of profiled.entries()) {
    const profiler = profilers[position] as Profiler;
    const file = join(into, `${operation.replaceAll(" ", "-")}-${name}.cpuprofile`);
    sums.set(name, sumProfile(await profiler.stop(file)));
    profiler.close();
  }
  const summary = profileTable(sums, cell.operations, functionsShown);
  const total = `all threads and processes: ${cell.cpuMicroseconds.toFixed(1)} µs per operation, profiler included`;
  process.stdout.write(`\nprofile of ${operation}\n${summary}\n${total}\n\n`);
  return cell;
}

async function singleClientLatencies(): Promise<readonly Latency[]> {
  if (!chosenOperations.includes("PutItem")) return [];
  const latencies: Latency[] = [];
  const appends = syncedAppends(directory, syncedAppendsCount);
  const at = (share: number): number => appends[Math.floor(share * (appends.length - 1))] as number;
  latencies.push({ what: "append of 1 KB and fdatasync", p50Ms: at(0.5), p99Ms: at(0.99) });
  for (const system of systems) {
    const { p50Ms, p99Ms } = await load(system, "PutItem", 1, latencySeconds);
    latencies.push({ what: `${system.name}: put, one client`, p50Ms, p99Ms });
  }
  return latencies;
}

function load(system: System, operation: OperationName, clients: number, duration: number): Promise<LoadResult> {
  const order: LoadOrder = { target: system.target, operation, connections: clients, seconds: duration };
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error("the load generator ended"));
    if (!generator.connected) return ended();
    generator.once("exit", ended);
    generator.once("message", (answer: LoadAnswer) => {
      generator.off("exit", ended);
      if ("result" in answer) resolve(answer.result);
      else reject(new Error(`${system.name}: ${answer.error}`));
    });
    generator.send(order);
  });
}

function stopEverything(): Promise<void> {
  stopping ??= (async () => {
    const stops = await Promise.allSettled([...systems.map((system) => system.stop()), stopChild(generator)]);
    for (const stop of stops) if (stop.status === "rejected") process.stderr.write(`bench: ${String(stop.reason)}\n`);
    rmSync(directory, { recursive: true, force: true });
  })();
  return stopping;
}

function say(sentence: string): void {
  process.stdout.write(`bench: ${sentence}\n`);
}
