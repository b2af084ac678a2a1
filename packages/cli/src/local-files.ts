// The files of a local cluster's directory: cluster.json (the plan of the last start), credentials (an AWS
// shared-credentials file, readable by its owner only), pids, and logs.
import {
  chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { LocalCluster } from "./local-plan.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const clusterFile = (directory: string): string => join(directory, "cluster.json");

export function credentialsFile(directory: string): string {
  return join(directory, "credentials");
}

/** Undefined when nothing was ever started there. */
export function readLocalCluster(directory: string): LocalCluster | undefined {
  if (!existsSync(clusterFile(directory))) return undefined;
  try {
    const cluster = JSON.parse(readFileSync(clusterFile(directory), "utf8")) as LocalCluster;
    return cluster.version === 1 ? cluster : undefined;
  } catch {
    return undefined;
  }
}

export function writeLocalCluster(directory: string, cluster: LocalCluster): void {
  mkdirSync(join(directory, "logs"), { recursive: true });
  const temporary = `${clusterFile(directory)}.new`;
  writeFileSync(temporary, `${JSON.stringify(cluster, undefined, 2)}\n`);
  renameSync(temporary, clusterFile(directory));
}

export function writeCredentials(directory: string, { accessKeyId, secretAccessKey }: Credentials): void {
  const text = `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
  const path = credentialsFile(directory);
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
}

export function readCredentials(directory: string): Credentials | undefined {
  if (!existsSync(credentialsFile(directory))) return undefined;
  const text = readFileSync(credentialsFile(directory), "utf8");
  const accessKeyId = /aws_access_key_id = (\S+)/.exec(text)?.[1];
  const secretAccessKey = /aws_secret_access_key = (\S+)/.exec(text)?.[1];
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}

/** Pids that an agent wrote down and did not take back. */
export function recordedPids(directory: string): readonly { readonly name: string; readonly pid: number }[] {
  const pids = join(directory, "pids");
  if (!existsSync(pids)) return [];
  return readdirSync(pids).filter((file) => file.endsWith(".pid"))
    .map((file) => ({ name: file.slice(0, -4), pid: Number(readFileSync(join(pids, file), "utf8")) }))
    .filter(({ pid }) => Number.isInteger(pid) && pid > 1);
}

export function forgetPids(directory: string): void {
  rmSync(join(directory, "pids"), { recursive: true, force: true });
}

/** The last lines of a process's log. */
export function logTail(directory: string, name: string, lines: number): string {
  const path = join(directory, "logs", `${name}.log`);
  if (!existsSync(path)) return "";
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
