// The systems that the bench compares, each started in a directory of its own on free ports of 127.0.0.1:
// - azimuth: one router and three storage nodes in three zones, every replica syncing to disk, and a console;
// - dynalite: one process with LevelDB on disk, neither replicated nor synced, what people use today;
// - etcd: three processes, every one syncing, Debian's etcd-server.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { agentReport, startLocalCluster, stopLocalCluster } from "@azimuth/cli/local-cluster.ts";
import { logTail } from "@azimuth/cli/local-files.ts";
import { createFetchJson } from "@azimuth/host-agent/http-client.ts";
import { sendOnce, type DynamoTarget } from "./dynamo-client.ts";
import { EtcdClient } from "./etcd-client.ts";
import type { LoadTarget } from "./load-generator.ts";
import {
  batchOf, dynaliteOperations, etcdOperations, etcdValue, indexedItem, indexedTable, itemCount, keyName,
  operationNames, pointItem, pointTable, rangeItem, rangeTable, requestFor, tableRequests, type OperationName,
} from "./operations.ts";
import { freePorts, startChild, untilReady, type Child } from "./processes.ts";

export const systemNames = ["azimuth", "dynalite", "etcd"] as const;
export type SystemName = (typeof systemNames)[number];

export interface System {
  readonly name: SystemName;
  readonly operations: readonly OperationName[];
  readonly target: LoadTarget;
  /** Every server process: a node's replica counts as much as the process that answers. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}

export class MissingSystemError extends Error {
  override readonly name = "MissingSystemError";
}

const host = "127.0.0.1";
const startPatienceMs = 30_000;
const batchItems = 25;
const fillersAtOnce = 8;

export function startSystem(name: SystemName, directory: string): Promise<System> {
  switch (name) {
    case "azimuth":
      return startAzimuth(directory);
    case "dynalite":
      return startDynalite(directory);
    case "etcd":
      return startEtcd(directory);
  }
}

async function startAzimuth(directory: string): Promise<System> {
  const stop = async (): Promise<void> => void (await stopLocalCluster(directory));
  try {
    const { cluster, credentials } = await startLocalCluster({ directory, freePorts: true, logLevel: "warn" });
    if (credentials === undefined) throw new Error("the cluster has no credentials");
    const report = await agentReport(createFetchJson(), cluster);
    const processes = (report?.processes ?? []).flatMap(({ name, pid }) => (pid === null ? [] : [{ name, pid }]));
    if (processes.length !== cluster.processes.length) throw new Error("not every process of the cluster runs");
    const { region, ports } = cluster;
    const target: DynamoTarget = { ...credentials, region, host, port: ports.endpoint };
    await prepareTables(target);
    return { name: "azimuth", operations: operationNames, target: { kind: "dynamodb", ...target }, processes, stop };
  } catch (error) {
    await stop();
    const names = ["router-1", "node-1", "node-2", "node-3"];
    const logs = names.map((name) => logTail(directory, name, 3)).join("\n");
    throw new Error(`${(error as Error).message}; the logs end with:\n${logs}`, { cause: error });
  }
}

async function startDynalite(directory: string): Promise<System> {
  const [port = 0] = await freePorts(1);
  const program = createRequire(import.meta.url).resolve("dynalite/cli.js");
  const child = startChild(process.execPath, [
    program, "--host", host, "--port", String(port), "--path", directory, "--createTableMs", "0",
  ]);
  const target: DynamoTarget = { host, port, region: "us-east-1", accessKeyId: "bench", secretAccessKey: "bench" };
  return withChildren([child], async () => {
    await untilAnswered("dynalite", () => sendOnce(target, requestFor("ListTables", {})));
    await prepareTables(target);
    return {
      name: "dynalite", operations: dynaliteOperations, target: { kind: "dynamodb", ...target },
      processes: [{ name: "dynalite", pid: child.pid }], stop: () => child.stop(),
    };
  });
}

async function startEtcd(directory: string): Promise<System> {
  const program = ["/usr/bin/etcd", "/usr/local/bin/etcd"].find((path) => existsSync(path));
  if (program === undefined) throw new MissingSystemError("etcd is not installed (Debian: etcd-server)");
  const ports = await freePorts(6);
  const members = [0, 1, 2].map((each) => ({
    name: `etcd-${each + 1}`,
    client: `http://${host}:${ports[each]}`,
    peer: `http://${host}:${ports[each + 3]}`,
  }));
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const children = members.map(({ name, client, peer }) => startChild(program, [
    "--name", name, "--data-dir", join(directory, name),
    "--listen-client-urls", client, "--advertise-client-urls", client,
    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
    "--initial-cluster", cluster, "--initial-cluster-state", "new", "--log-level", "error",
  ]));
  return withChildren(children, async () => {
    const endpoints = ports.slice(0, 3).map((port) => `${host}:${port}`);
    const clients = endpoints.map((endpoint) => new EtcdClient(endpoint));
    for (const client of clients) await untilAnswered("etcd", () => client.range(Buffer.from("ready"), false));
    await inParallel(itemCount, async (position) => {
      await (clients[0] as EtcdClient).put(Buffer.from(keyName(position)), etcdValue());
    });
    for (const client of clients) client.close();
    return {
      name: "etcd", operations: etcdOperations, target: { kind: "etcd", endpoints },
      processes: children.map(({ pid }, each) => ({ name: `etcd-${each + 1}`, pid })),
      stop: () => stopAll(children),
    };
  });
}

async function withChildren(children: readonly Child[], start: () => Promise<System>): Promise<System> {
  try {
    return await start();
  } catch (error) {
    await stopAll(children);
    const output = children.map((child) => child.output()).join("").trim();
    throw output === "" ? error : new Error(`${(error as Error).message}; it said: ${output}`, { cause: error });
  }
}

async function stopAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((child) => child.stop()));
}

async function prepareTables(target: DynamoTarget): Promise<void> {
  for (const request of tableRequests()) {
    // A young cluster may still wait for its nodes to report.
    await untilAnswered("CreateTable", () => sendOnce(target, request));
  }
  const itemOfTable = { [pointTable]: pointItem, [rangeTable]: rangeItem, [indexedTable]: indexedItem };
  for (const [table, itemOf] of Object.entries(itemOfTable)) {
    await untilReady(`table ${table}`, startPatienceMs, async () => {
      const described = (await sendOnce(target, requestFor("DescribeTable", { TableName: table }))) as
        { readonly Table?: { readonly TableStatus?: string } };
      return described.Table?.TableStatus === "ACTIVE";
    });
    await inParallel(itemCount / batchItems, async (batch) => {
      const items = Array.from({ length: batchItems }, (_, each) => itemOf(batch * batchItems + each));
      await sendOnce(target, batchOf(table, items));
    });
  }
}

function untilAnswered(what: string, ask: () => Promise<unknown>): Promise<void> {
  return untilReady(what, startPatienceMs, async () => {
    await ask();
    return true;
  });
}

async function inParallel(count: number, each: (position: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: fillersAtOnce }, async () => {
    for (let position = next++; position < count; position = next++) await each(position);
  }));
}
