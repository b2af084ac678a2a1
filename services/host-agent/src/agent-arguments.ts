// The agent's command line. Either it owns the processes of a manifest (a local cluster's cluster.json):
//   --name local --listen 127.0.0.1:7300 --manifest data/cluster.json
// or the one process after `--` (a container):
//   --name node-1 --zone az-1 --kind storage-node --listen 0.0.0.0:7300 -- node services/storage-node/src/main.ts …
import { parseArgs } from "node:util";
import type { ProcessSpec } from "./processes.ts";

export interface Manifest {
  readonly run: string;
  readonly processes: readonly ProcessSpec[];
}

export interface AgentArguments {
  readonly name: string;
  readonly listen: string;
  readonly stopLimitMs: number;
  readonly source: { readonly manifest: string } | { readonly processes: readonly ProcessSpec[] };
}

export type ParsedArguments =
  | { readonly kind: "arguments"; readonly value: AgentArguments }
  | { readonly kind: "mistake"; readonly message: string };

const defaultStopLimitMs = 8_000;

export function parseAgentArguments(words: readonly string[]): ParsedArguments {
  const mistake = (message: string): ParsedArguments => ({ kind: "mistake", message });
  const separator = words.indexOf("--");
  const own = separator < 0 ? words : words.slice(0, separator);
  const command = separator < 0 ? [] : words.slice(separator + 1);
  let flags;
  try {
    flags = parseArgs({ args: [...own], options: {
      name: { type: "string" }, listen: { type: "string" }, manifest: { type: "string" }, zone: { type: "string" },
      kind: { type: "string" }, restart: { type: "string" }, "stop-limit-ms": { type: "string" },
    } }).values;
  } catch (error) {
    return mistake((error as Error).message);
  }
  const { name, listen, manifest, zone, kind } = flags;
  if (name === undefined || listen === undefined) return mistake("--name and --listen are needed.");
  const stopLimitMs = Number(flags["stop-limit-ms"] ?? defaultStopLimitMs);
  if (!(stopLimitMs >= 0)) return mistake("--stop-limit-ms must be a number of milliseconds.");
  if (manifest !== undefined) {
    if (command.length > 0) return mistake("Give either --manifest or a command after --, not both.");
    return { kind: "arguments", value: { name, listen, stopLimitMs, source: { manifest } } };
  }
  if (kind === undefined || command[0] === undefined) {
    return mistake("Give --manifest, or --kind and a command after --.");
  }
  const restart = flags.restart ?? "never";
  if (restart !== "never" && restart !== "on-crash") return mistake("--restart must be never or on-crash.");
  const process: ProcessSpec =
    { name, zone: zone ?? null, kind, command: command[0], arguments: command.slice(1), restart };
  return { kind: "arguments", value: { name, listen, stopLimitMs, source: { processes: [process] } } };
}
