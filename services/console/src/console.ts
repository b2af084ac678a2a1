// The console: the page an operator looks at, and the JSON behind it.
//   GET  /            the page, its style and its script      GET  /health, /metrics
//   GET  /api/status  a ClusterStatus                         POST /api/kill|restart|pause|resume|start|stop { target }
//                                                             POST /api/split { partition, at? }
// Requests for the status that arrive together share one round of questions to the processes.
import type { Clock } from "@azimuth/foundation/clock.ts";
import { failure, type FetchJson, type HttpHandler, type HttpReply } from "@azimuth/host-agent/http.ts";
import { actOnProcesses } from "./act-on-processes.ts";
import type { ClusterStatus } from "./cluster-status.ts";
import { gatherStatus, type Sources } from "./gather-status.ts";
import { splitPartition } from "./split-partition.ts";

export interface ConsoleDoors {
  readonly clock: Clock;
  readonly fetchJson: FetchJson;
  /** A file of the page by its name; undefined when there is none. */
  readonly pageFile: (name: string) => Uint8Array | undefined;
  /** The Prometheus text of this process's metrics. */
  readonly metrics: () => Promise<string>;
}

export interface ConsoleConfig extends Sources {
  readonly actionTimeoutMs: number;
}

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** What the page may load and do: only what comes from here. */
export const pageHeaders = {
  "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

export function createConsole(doors: ConsoleDoors, config: ConsoleConfig): HttpHandler {
  let gathering: Promise<ClusterStatus> | undefined;
  const status = (): Promise<ClusterStatus> => {
    gathering ??= gatherStatus(doors.fetchJson, config, doors.clock.wallNow()).finally(() => (gathering = undefined));
    return gathering;
  };

  return async ({ method, path, body }) => {
    if (method === "POST" && path === "/api/split") {
      const { partition, at } = (body ?? {}) as { readonly partition?: unknown; readonly at?: unknown };
      const { nodes, timeoutMs: healthTimeoutMs, actionTimeoutMs: timeoutMs } = config;
      return splitPartition(doors.fetchJson, { nodes, partition, at, healthTimeoutMs, timeoutMs });
    }
    if (method === "POST" && path.startsWith("/api/")) {
      return actOnProcesses(doors.fetchJson, {
        agents: config.agents,
        action: path.slice("/api/".length),
        target: (body as { target?: unknown } | null | undefined)?.target,
        timeoutMs: config.actionTimeoutMs,
      });
    }
    if (method !== "GET" && method !== "HEAD") return failure(405, `${method} is not served here.`);
    if (path === "/api/status") return { status: 200, body: await status() };
    if (path === "/health") return { status: 200, body: { status: "ok" } };
    if (path === "/metrics") {
      return { status: 200, body: await doors.metrics(), contentType: "text/plain; version=0.0.4; charset=utf-8" };
    }
    return pageReply(doors, path === "/" ? "index.html" : path.slice(1));
  };
}

function pageReply(doors: ConsoleDoors, name: string): HttpReply {
  const file = /^[a-z0-9-]+\.[a-z]+$/.test(name) ? doors.pageFile(name) : undefined;
  const contentType = contentTypes[name.slice(name.lastIndexOf(".") + 1)];
  if (file === undefined || contentType === undefined) return failure(404, "There is no such page.");
  return { status: 200, body: file, contentType };
}
