// Starts one request router: opens the real doors (HTTP, gRPC, clock, chance), reads the flags, handles
// signals.
import { startAdminServer } from "@azimuth/foundation/admin-server.ts";
import { parseFlags, parseListen } from "@azimuth/foundation/flags.ts";
import { parseMembers } from "@azimuth/foundation/members.ts";
import { createPrometheusMetrics, type PrometheusMetrics } from "@azimuth/foundation/metrics.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createRealRandom } from "@azimuth/foundation/real-random.ts";
import { createWinstonLogger, logLevel } from "@azimuth/foundation/winston-logger.ts";
import { createGrpcTransport } from "@azimuth/rpc/grpc-transport.ts";
import { createHttpServer, type HttpServer } from "./http-server.ts";
import { routerRequest } from "./pipeline.ts";
import { createRequestRouter, type RequestRouter } from "./request-router.ts";

const specification = {
  name: { kind: "text", required: true },
  zone: { kind: "text", required: true },
  listen: { kind: "text", default: "127.0.0.1:8000" },
  cluster: { kind: "text", default: "azimuth" },
  members: { kind: "text", required: true },
  http: { kind: "text", default: "127.0.0.1:0" },
  region: { kind: "text", default: "us-east-1" },
  "account-id": { kind: "text", default: "000000000000" },
  "no-auth": { kind: "boolean" },
  "log-level": { kind: "text", default: "info" },
  "log-file": { kind: "text" },
} as const;

function main(): void {
  const flags = parseFlags(specification, process.argv.slice(2), process.env);
  const listen = parseListen("listen", flags.listen);
  const http = parseListen("http", flags.http);
  const log = createWinstonLogger({
    level: logLevel(flags["log-level"]),
    fields: { process: flags.name, zone: flags.zone },
    ...(flags["log-file"] === "" ? {} : { file: flags["log-file"] }),
  });
  process.on("uncaughtException", (error) => {
    log.error("a broken invariant; this router stops", { error: error.stack ?? error.message });
    process.stderr.write(`${flags.name}: ${error.stack ?? error.message}\n`);
    process.exit(70);
  });
  const clock = createRealClock();
  const random = createRealRandom();
  const metrics = createPrometheusMetrics({
    labels: { process: flags.name, zone: flags.zone },
    processMetrics: true,
  });
  const transport = createGrpcTransport({
    self: flags.name,
    clusterId: flags.cluster,
    listen: undefined,
    clock,
    log,
  });
  if (flags["no-auth"]) log.warn("AUTHENTICATION IS OFF: every request is let in, whoever signs it");
  const router = createRequestRouter(
    { clock, random, log, metrics, transport },
    {
      name: flags.name,
      zone: flags.zone,
      members: parseMembers(flags.members),
      region: flags.region,
      accountId: flags["account-id"],
      authentication: !flags["no-auth"],
    },
  );
  router.start();
  const server = createHttpServer({
    ...listen,
    region: flags.region,
    clock,
    random: random.split("request-ids"),
    log,
    isHealthy: () => router.isReady(),
    handle: (request, respond) => void router.handle(routerRequest(request)).then(respond),
  });
  stopOnSignals(router, server);
  const status = (): unknown => routerStatus(router, flags);
  startAdminServer({ ...http, log, routes: adminRoutes(router, metrics, status) }, (port) => {
    log.info("request router started", { listen: flags.listen, http: port });
  });
}

function stopOnSignals(router: RequestRouter, server: HttpServer): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    server.drain(() => router.stop(() => process.exit(0)));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function adminRoutes(router: RequestRouter, metrics: PrometheusMetrics, status: () => unknown) {
  return {
    "GET /health": () => ({ status: router.isReady() ? 200 : 503, json: { ready: router.isReady() } }),
    "GET /status": () => ({ status: 200, json: status() }),
    "GET /metrics": async () => ({
      status: 200,
      text: await metrics.expose(),
      contentType: metrics.contentType,
    }),
    "GET /bootstrap-credentials": ({ isLocal }: { readonly isLocal: boolean }) => {
      if (!isLocal)
        return {
          status: 403,
          json: { error: "the root access key is told to callers on this machine only" },
        };
      const [root] = router.map().credentials;
      if (root === undefined) return { status: 503, json: { error: "the cluster is being set up" } };
      const { accessKeyId, secretAccessKey } = root;
      return { status: 200, json: { accessKeyId, secretAccessKey } };
    },
  };
}

function routerStatus(
  router: RequestRouter,
  flags: { name: string; zone: string; region: string; listen: string },
) {
  const { revision, clusterId, nodes, tables, partitions } = router.map();
  const { name, zone, region, listen } = flags;
  return { name, zone, region, endpoint: `http://${listen}`, clusterId, revision, nodes, tables, partitions };
}

try {
  main();
} catch (error) {
  process.stderr.write(`request-router: ${(error as Error).message}\n`);
  process.exit(64);
}
