// The host agent's process: opens the real doors, starts what it was given, serves commands, and on SIGTERM stops
// everything in order before it ends.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { parseAgentArguments, type AgentArguments, type Manifest } from "./agent-arguments.ts";
import { createLazyMetrics } from "./agent-metrics.ts";
import { createHostAgent } from "./host-agent.ts";
import type { HttpHandler } from "./http.ts";
import { startHttpServer } from "./http-server.ts";
import { createLineLogger } from "./line-logger.ts";
import { createRealProcesses } from "./real-processes.ts";

const shutdownOrder = ["balancer", "request-router", "storage-node"];
const restartDelayMs = 1_000;

const parsed = parseAgentArguments(process.argv.slice(2));
if (parsed.kind === "mistake") {
  process.stderr.write(`host-agent: ${parsed.message}\n`);
  process.exit(2);
}
await run(parsed.value);

async function run(config: AgentArguments): Promise<void> {
  const clock = createRealClock();
  const log = createLineLogger(clock, (line) => process.stdout.write(line), { process: `agent-${config.name}` });
  const manifest: Manifest = "manifest" in config.source
    ? (JSON.parse(readFileSync(config.source.manifest, "utf8")) as Manifest)
    : { run: randomUUID(), processes: config.source.processes };
  const agent = createHostAgent({ clock, log, processes: createRealProcesses() }, {
    name: config.name,
    run: manifest.run,
    specs: manifest.processes,
    stopLimitMs: config.stopLimitMs,
    restartDelayMs,
    shutdownOrder,
  }, () => process.exit(0));
  const metrics = createLazyMetrics(async () => {
    const { createPrometheusMetrics } = await import("@azimuth/foundation/metrics.ts");
    return createPrometheusMetrics({ labels: { process: `agent-${config.name}` }, processMetrics: true });
  }, agent.list);
  const handler: HttpHandler = async (request) => request.path === "/metrics"
    ? { status: 200, body: await metrics.expose(), contentType: "text/plain; version=0.0.4; charset=utf-8" }
    : agent.handler(request);
  // Before anything is started: who loses the port to another agent must not touch what that one runs.
  const server = await startHttpServer({
    listen: config.listen,
    handler,
    failed: (error) => log.error("a command failed", { error: String(error) }),
  }).catch((error: Error) => {
    process.stderr.write(`host-agent: cannot listen on ${config.listen}: ${error.message}\n`);
    process.exit(1);
  });
  await agent.startAll();
  log.info("agent ready", { listen: server.address, processes: manifest.processes.length });
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      void agent.shutdown().then(() => process.exit(0));
    });
  }
}
