// Carries out a command against a cluster: a local one by its own agent and nodes, which works even when its console
// was killed, or one anywhere by its console.
import { actOnProcesses } from "@azimuth/console/act-on-processes.ts";
import type { ClusterStatus } from "@azimuth/console/cluster-status.ts";
import { gatherStatus, type Sources } from "@azimuth/console/gather-status.ts";
import { listAt, numberAt, stringAt, textsAt } from "@azimuth/console/json-fields.ts";
import { splitPartition } from "@azimuth/console/split-partition.ts";
import type { FetchJson, FetchResult } from "@azimuth/host-agent/http.ts";
import type { Command, TargetAction } from "./command-line.ts";
import type { LocalCluster } from "./local-plan.ts";
import { statusTable } from "./status-table.ts";

export interface CommandDoors {
  readonly fetchJson: FetchJson;
  readonly print: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly colour: boolean;
  readonly readLocalCluster: (directory: string | undefined) => LocalCluster | undefined;
  /** The console that the environment names. */
  readonly consoleFromEnvironment: string | undefined;
}

/** A sentence for the person at the terminal. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

interface Cluster {
  status(): Promise<ClusterStatus>;
  act(action: TargetAction, target: string): Promise<Reply>;
  split(partition: number, at: string | undefined): Promise<Reply>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const askMs = 3_000;
const statusMs = 800;
const actMs = 30_000;

export async function runCommand(
  doors: CommandDoors, command: Exclude<Command, { kind: "mistake" | "help" }>,
): Promise<void> {
  const { console: named, data } = command.where;
  const console = named ?? (data === undefined ? doors.consoleFromEnvironment : undefined);
  const cluster = console === undefined ? localCluster(doors, data) : remoteCluster(doors, console);
  if (command.kind === "status") {
    const status = await cluster.status();
    const text = command.json ? `${JSON.stringify(status, undefined, 2)}\n`
      : statusTable(status, { colour: doors.colour, now: doors.now() });
    return doors.print(text);
  }
  if (command.kind === "split") return doors.print(await split(cluster, command.partition, command.at));
  for (const target of command.targets) doors.print(await actOn(cluster, command.action, target));
}

async function actOn(cluster: Cluster, action: TargetAction, target: string): Promise<string> {
  const { status, body } = await cluster.act(action, target);
  const done = listAt(body, "processes").map((process) => `${stringAt(process, "name")} ${stringAt(process, "state")}`);
  const problems = textsAt(body, "problems", "").join(" ");
  if (status === 404) {
    const known = await cluster.status();
    const names = [...known.zones, ...known.nodes, ...known.routers, ...known.others].map(({ name }) => name);
    throw new CommandError(`There is no node or zone ${target}; there are ${names.join(", ")}.`);
  }
  if (done.length === 0) throw new CommandError(problems || stringAt(body, "error") || `The answer was ${status}.`);
  return `${done.join("\n")}\n${problems === "" ? "" : `${problems}\n`}`;
}

async function split(cluster: Cluster, partition: number, wished: string | undefined): Promise<string> {
  const { status, body } = await cluster.split(partition, wished);
  const child = numberAt(body, "child");
  if (status !== 200 || child === null) {
    throw new CommandError(stringAt(body, "error") ?? `The answer was ${status}.`);
  }
  const at = stringAt(body, "at");
  const already = (body as { already?: unknown }).already === true ? "was being split already" : "is being split";
  return `partition ${partition} ${already}: partition ${child} begins at ${at}\n`;
}

function localCluster(doors: CommandDoors, directory: string | undefined): Cluster {
  const cluster = doors.readLocalCluster(directory);
  if (cluster === undefined) {
    throw new CommandError("No local cluster was started here: run `npm start`, or name a console with --console URL.");
  }
  const sources: Sources = {
    cluster: cluster.cluster, nodes: cluster.nodes, routers: cluster.routers, agents: cluster.agents,
    timeoutMs: statusMs,
  };
  const running = async (): Promise<void> => {
    const reply = await doors.fetchJson(`http://${cluster.agents[0]}/processes`, { timeoutMs: askMs });
    if (reply.kind === "unreachable" || stringAt(reply.body, "run") !== cluster.run) {
      throw new CommandError("The local cluster does not run; `npm start` starts it.");
    }
  };
  return {
    async status() {
      await running();
      return gatherStatus(doors.fetchJson, sources, doors.now());
    },
    async act(action, target) {
      await running();
      return actOnProcesses(doors.fetchJson, { agents: cluster.agents, action, target, timeoutMs: actMs });
    },
    async split(partition, at) {
      await running();
      const { nodes } = cluster;
      return splitPartition(doors.fetchJson, { nodes, partition, at, healthTimeoutMs: statusMs, timeoutMs: actMs });
    },
  };
}

function remoteCluster(doors: CommandDoors, console: string): Cluster {
  const reply = (result: FetchResult): Reply => {
    if (result.kind === "reply") return result;
    throw new CommandError(`No console answers at ${console}: ${result.reason}.`);
  };
  const post = async (path: string, body: unknown): Promise<Reply> =>
    reply(await doors.fetchJson(`${console}/api/${path}`, { method: "POST", body, timeoutMs: actMs }));
  return {
    async status() {
      const { status, body } = reply(await doors.fetchJson(`${console}/api/status`, { timeoutMs: askMs }));
      if (status === 200 && stringAt(body, "cluster") !== null) return body as ClusterStatus;
      throw new CommandError(`${console} answered ${status}: ${stringAt(body, "error") ?? "it is not a console"}`);
    },
    act: (action, target) => post(action, { target }),
    split: (partition, at) => post("split", { partition, at }),
  };
}
