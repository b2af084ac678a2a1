// A real local cluster for tests: processes, RocksDB, gRPC, on free ports and in a directory of its own, with hands on
// its switches. `stop` ends every process and removes the directory.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startLocalCluster, stopLocalCluster } from "@azimuth/cli/local-cluster.ts";
import type { LocalCluster } from "@azimuth/cli/local-plan.ts";
import type { ClusterStatus } from "@azimuth/console/cluster-status.ts";
import type { Endpoint } from "./workload.ts";

export type SwitchAction = "kill" | "restart" | "pause" | "resume";

interface StatusGroup {
  readonly group: number;
  readonly role: string;
  readonly applied: number;
  readonly commit: number;
  readonly initialised: boolean;
}

export interface TestCluster {
  readonly cluster: LocalCluster;
  readonly endpoint: Endpoint;
  readonly nodes: readonly string[];
  act(action: SwitchAction, target: string): Promise<void>;
  /** A node's GET /status; undefined when it does not answer. */
  status(node: string): Promise<{ readonly groups: readonly StatusGroup[] } | undefined>;
  /** What the console shows. */
  overview(): Promise<ClusterStatus>;
  /** The running node that leads most groups. */
  busiestLeader(): Promise<string>;
  /** Waits until every node answers and every group's replicas have applied what their leader has committed. */
  caughtUp(limitMs: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestCluster(
  options: { readonly nodesPerZone?: number; readonly ttlSweepMs?: number; readonly partitionMb?: number } = {},
): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-test-"));
  const { cluster, credentials } = await startLocalCluster({ directory, freePorts: true, logLevel: "info", ...options });
  if (credentials === undefined) throw new Error("the cluster has no credentials");
  const nodes = cluster.nodes.map(({ name }) => name);

  async function act(action: SwitchAction, target: string): Promise<void> {
    const response = await fetch(`http://${cluster.agents[0]}/${action}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ target }),
    });
    if (!response.ok) throw new Error(`${action} ${target}: ${await response.text()}`);
  }

  async function status(node: string): Promise<{ groups: StatusGroup[] } | undefined> {
    const address = cluster.nodes.find(({ name }) => name === node)?.http;
    try {
      const response = await fetch(`http://${address}/status`, { signal: AbortSignal.timeout(1000) });
      return (await response.json()) as { groups: StatusGroup[] };
    } catch {
      return undefined;
    }
  }

  async function overview(): Promise<ClusterStatus> {
    const response = await fetch(`${cluster.console}/api/status`, { signal: AbortSignal.timeout(3000) });
    return (await response.json()) as ClusterStatus;
  }

  async function busiestLeader(): Promise<string> {
    let best = { node: nodes[0] as string, leads: -1 };
    for (const node of nodes) {
      const leads = (await status(node))?.groups.filter(({ group, role }) => group !== 0 && role === "leader").length ?? -1;
      if (leads > best.leads) best = { node, leads };
    }
    return best.node;
  }

  async function isCaughtUp(): Promise<boolean> {
    const statuses = await Promise.all(nodes.map(status));
    const committed = new Map<number, number>();
    for (const each of statuses) {
      if (each === undefined) return false;
      for (const { group, role, commit } of each.groups) if (role === "leader") committed.set(group, commit);
    }
    return statuses.every((each) =>
      each?.groups.every(({ group, applied, initialised }) => initialised && applied >= (committed.get(group) ?? Infinity)),
    );
  }

  return {
    cluster,
    nodes,
    endpoint: { url: cluster.endpoint, ...credentials },
    act,
    status,
    overview,
    busiestLeader,
    async caughtUp(limitMs) {
      const deadline = performance.now() + limitMs;
      while (!(await isCaughtUp())) {
        if (performance.now() > deadline) throw new Error(`the replicas did not catch up within ${limitMs} ms`);
        await wait(100);
      }
    },
    async stop() {
      await stopLocalCluster(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
