// Starts one storage node: opens the real doors (files, RocksDB, gRPC, clock, chance), reads the flags, handles
// signals. A failed write or sync, or any broken invariant, ends the process with one clear line: what was
// acknowledged is on the disks of a majority, and a restart recovers from the log.
import { join } from "node:path";
import { startAdminServer, type AdminRequest } from "@azimuth/foundation/admin-server.ts";
import { FlagError, parseFlags, parseListen } from "@azimuth/foundation/flags.ts";
import { parseMembers } from "@azimuth/foundation/members.ts";
import { createPrometheusMetrics, type PrometheusMetrics } from "@azimuth/foundation/metrics.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createRealRandom } from "@azimuth/foundation/real-random.ts";
import { createWinstonLogger, logLevel } from "@azimuth/foundation/winston-logger.ts";
import { createGrpcTransport } from "@azimuth/rpc/grpc-transport.ts";
import { createLogStore } from "@azimuth/storage/create-log-store.ts";
import { createRealFiles } from "@azimuth/storage/real-files.ts";
import { openRocksDbEngine } from "@azimuth/storage/rocksdb-engine.ts";
import { splitRequestIn, unreadableSplit, type SplitAnswer } from "./ask-for-split.ts";
import { createNodeMetrics } from "./node-metrics.ts";
import { createStorageNode, type StorageNode } from "./storage-node.ts";

const drainLimitMs = 5000;

const specification = {
  name: { kind: "text", required: true },
  zone: { kind: "text", required: true },
  listen: { kind: "text", default: "127.0.0.1:7101" },
  advertise: { kind: "text" },
  data: { kind: "text", required: true },
  cluster: { kind: "text", default: "azimuth" },
  members: { kind: "text", required: true },
  "account-id": { kind: "text", default: "000000000000" },
  http: { kind: "text", default: "127.0.0.1:0" },
  "log-level": { kind: "text", default: "info" },
  "log-file": { kind: "text" },
  "node-dead-after-ms": { kind: "text" },
  "partitions-per-table": { kind: "text" },
  "ttl-sweep-ms": { kind: "text" },
  "ttl-update-interval-ms": { kind: "text" },
  "partition-mb": { kind: "text" },
} as const;

function megabytes(count: number | undefined): number | undefined {
  return count === undefined ? undefined : count * 2 ** 20;
}

function main(): void {
  const flags = parseFlags(specification, process.argv.slice(2), process.env);
  const members = parseMembers(flags.members);
  const listen = parseListen("listen", flags.listen);
  const http = parseListen("http", flags.http);
  const log = createWinstonLogger({
    level: logLevel(flags["log-level"]),
    fields: { process: flags.name, zone: flags.zone },
    ...(flags["log-file"] === "" ? {} : { file: flags["log-file"] }),
  });
  const onFatal = (error: Error): void => {
    log.error("the storage failed; this node stops so that nothing unsynced is acknowledged", { error: error.message });
    process.stderr.write(`${flags.name}: storage failed: ${error.message}\n`);
    process.exit(70);
  };
  process.on("uncaughtException", (error) => {
    log.error("a broken invariant; this node stops", { error: error.stack ?? error.message });
    process.stderr.write(`${flags.name}: ${error.stack ?? error.message}\n`);
    process.exit(70);
  });
  const clock = createRealClock();
  const metrics = createPrometheusMetrics({ labels: { process: flags.name, zone: flags.zone }, processMetrics: true });
  openRocksDbEngine({ path: join(flags.data, "rocksdb"), clock, onFatal, log }, (engine) => {
    // Only now: RocksDB's lock is what keeps a second process off the directory, and recovering the log cuts its end.
    const files = createRealFiles({ directory: join(flags.data, "log"), onFatal });
    const logStore = createLogStore({ files, log, onFatal });
    const transport = createGrpcTransport({
      self: flags.name,
      clusterId: flags.cluster,
      listen: `${listen.host}:${listen.port}`,
      clock,
      log,
    });
    const node = createStorageNode(
      { clock, random: createRealRandom(), log, metrics, engine, files, logStore, transport },
      {
        cluster: flags.cluster,
        name: flags.name,
        zone: flags.zone,
        advertise: flags.advertise === "" ? flags.listen : flags.advertise,
        members,
        accountId: flags["account-id"],
        nodeDeadAfterMs: optionalNumber("node-dead-after-ms", flags["node-dead-after-ms"]),
        partitionsPerTable: optionalNumber("partitions-per-table", flags["partitions-per-table"]),
        ttlSweepMs: optionalNumber("ttl-sweep-ms", flags["ttl-sweep-ms"]),
        ttlUpdateIntervalMs: optionalNumber("ttl-update-interval-ms", flags["ttl-update-interval-ms"]),
        partitionBytesMax: megabytes(optionalNumber("partition-mb", flags["partition-mb"])),
      },
    );
    node.start();
    let stopping = false;
    const shutDown = (): void => {
      if (stopping) return;
      stopping = true;
      log.info("draining");
      let finishing = false;
      const finish = (): void => {
        if (finishing) return;
        finishing = true;
        limit.cancel();
        node.stop(() => {
          logStore.close();
          engine.close(() => process.exit(0));
        });
      };
      const limit = clock.after(drainLimitMs, finish);
      node.drain(finish);
    };
    process.on("SIGTERM", shutDown);
    process.on("SIGINT", shutDown);
    startAdminServer({ ...http, log, routes: adminRoutes(node, metrics) }, (port) => {
      log.info("storage node started", { listen: flags.listen, http: port });
    });
  });
}

function adminRoutes(node: StorageNode, metrics: PrometheusMetrics) {
  const measure = createNodeMetrics(metrics);
  return {
    "GET /health": () => ({ status: node.isReady() ? 200 : 503, json: { ready: node.isReady() } }),
    "GET /status": () => ({ status: 200, json: node.status() }),
    "GET /metrics": async () => {
      measure(node.status());
      return { status: 200, text: await metrics.expose(), contentType: metrics.contentType };
    },
    "POST /drain": () =>
      new Promise<{ status: number; json: unknown }>((resolve) => {
        node.drain(() => resolve({ status: 200, json: { drained: true } }));
      }),
    "POST /split": ({ query }: AdminRequest) =>
      new Promise<SplitAnswer>((resolve) => {
        const request = splitRequestIn(query);
        if (request === undefined) resolve(unreadableSplit);
        else node.split(request, resolve);
      }),
  };
}

function optionalNumber(flag: string, text: string): number | undefined {
  if (text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new FlagError(`--${flag}: "${text}" is not a positive integer`);
  return value;
}

try {
  main();
} catch (error) {
  process.stderr.write(`storage-node: ${(error as Error).message}\n`);
  process.exit(64);
}
