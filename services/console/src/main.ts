// The console's process: reads its flags (or AZIMUTH_* variables of the same names), opens the real doors, serves.
//   --listen 127.0.0.1:8080 --cluster local --members node-1=az-1=127.0.0.1:7201,… --routers router-1=az-1=…
//   --agents 127.0.0.1:7300,…        members and routers are given by their --http addresses
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createLazyMetrics } from "@azimuth/host-agent/agent-metrics.ts";
import { createFetchJson } from "@azimuth/host-agent/http-client.ts";
import { startHttpServer } from "@azimuth/host-agent/http-server.ts";
import { createLineLogger } from "@azimuth/host-agent/line-logger.ts";
import { createConsole, pageHeaders, type ConsoleConfig } from "./console.ts";
import { parseMembers } from "./members.ts";

const statusTimeoutMs = 800;
const actionTimeoutMs = 30_000;
const pageDirectory = join(import.meta.dirname, "..", "page");

try {
  await run();
} catch (error) {
  process.stderr.write(`console: ${(error as Error).message}\n`);
  process.exit(2);
}

async function run(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { listen: text, cluster: text, members: text, routers: text, agents: text },
  });
  const setting = (name: keyof typeof values, fallback: string): string =>
    values[name] ?? process.env[`AZIMUTH_${name.toUpperCase()}`] ?? fallback;
  const config: ConsoleConfig = {
    cluster: setting("cluster", "azimuth"),
    nodes: parseMembers(setting("members", "")),
    routers: parseMembers(setting("routers", "")),
    agents: setting("agents", "").split(",").filter((agent) => agent !== ""),
    timeoutMs: statusTimeoutMs,
    actionTimeoutMs,
  };
  const clock = createRealClock();
  const log = createLineLogger(clock, (line) => process.stdout.write(line), { process: "console" });
  const metrics = createLazyMetrics(async () => {
    const { createPrometheusMetrics } = await import("@azimuth/foundation/metrics.ts");
    return createPrometheusMetrics({ labels: { process: "console" }, processMetrics: true });
  }, () => []);
  const server = await startHttpServer({
    listen: setting("listen", "127.0.0.1:8080"),
    headers: pageHeaders,
    failed: (error) => log.error("a request failed", { error: String(error) }),
    handler: createConsole({ clock, fetchJson: createFetchJson(), pageFile, metrics: () => metrics.expose() }, config),
  });
  log.info("console ready", { listen: server.address });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => void server.close().then(() => process.exit(0)));
  }
}

function pageFile(name: string): Uint8Array | undefined {
  try {
    return readFileSync(join(pageDirectory, name));
  } catch {
    return undefined;
  }
}
