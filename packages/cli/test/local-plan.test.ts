import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { planLocalCluster, type LocalChoices } from "../src/local-plan.ts";
import { choosePorts, PortTakenError } from "../src/local-ports.ts";

const choices = (nodesPerZone: number, auth = true): LocalChoices => ({
  root: "/repository", sources: "/repository", node: "/node", directory: "/data", cluster: "local", run: "r",
  region: "eu-west-1", nodesPerZone, auth, logLevel: "info",
  ports: {
    endpoint: 8000, console: 8080, agent: 7300, routerHttp: 7400,
    nodes: Array.from({ length: nodesPerZone * 3 }, (_, index) => ({ grpc: 7101 + index, http: 7201 + index })),
  },
});

const flagOf = (words: readonly string[], flag: string) => words[words.indexOf(flag) + 1];

test("nodes are dealt over three zones, and more of them leave the first where they were", () => {
  const small = planLocalCluster(choices(1));
  const large = planLocalCluster(choices(2));
  assert.deepEqual(small.nodes.map(({ zone }) => zone), ["az-1", "az-2", "az-3"]);
  assert.deepEqual(large.nodes.slice(0, 3), small.nodes);
  assert.deepEqual(large.nodes.map(({ zone }) => zone).toSorted(), ["az-1", "az-1", "az-2", "az-2", "az-3", "az-3"]);
});

test("every process is told the same members, and a node its own name, address and directory", () => {
  const { processes } = planLocalCluster(choices(1));
  const told = processes.filter(({ kind }) => kind !== "console").map((process) => flagOf(process.arguments, "--members"));
  assert.equal(new Set(told).size, 1);
  assert.equal(told[0], "node-1=az-1=127.0.0.1:7101,node-2=az-2=127.0.0.1:7102,node-3=az-3=127.0.0.1:7103");
  const second = processes.find(({ name }) => name === "node-2");
  assert.equal(flagOf(second?.arguments ?? [], "--listen"), "127.0.0.1:7102");
  assert.equal(flagOf(second?.arguments ?? [], "--data"), "/data/node-2");
  assert.equal(second?.zone, "az-2");
});

test("the only router belongs to no zone, so that no zone takes it along", () => {
  const { processes } = planLocalCluster(choices(1));
  assert.deepEqual(processes.filter(({ zone }) => zone === null).map(({ name }) => name), ["router-1", "console"]);
});

test("authentication is off only when that was asked for", () => {
  const router = (auth: boolean) => planLocalCluster(choices(1, auth)).processes.find(({ name }) => name === "router-1");
  assert.ok(router(false)?.arguments.includes("--no-auth"));
  assert.ok(!router(true)?.arguments.includes("--no-auth"));
});

test("how often nodes look for expired items is told to nodes when it was asked for", () => {
  const [node] = planLocalCluster({ ...choices(1), ttlSweepMs: 1000 }).processes;
  assert.equal(flagOf(node?.arguments ?? [], "--ttl-sweep-ms"), "1000");
  assert.ok(!planLocalCluster(choices(1)).processes[0]?.arguments.includes("--ttl-sweep-ms"));
});

test("ports are all different, and a taken one is replaced unless it was asked for", async (context) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const last = { ...choices(1).ports, endpoint: port };
  const ports = await choosePorts({ endpoint: undefined, console: undefined, nodes: 6, last, anyFree: true });
  const all = [ports.endpoint, ports.console, ports.agent, ports.routerHttp, ...ports.nodes.flatMap(Object.values)];
  assert.equal(new Set(all).size, 16);
  assert.ok(!all.includes(port));
  await assert.rejects(choosePorts({ endpoint: port, console: undefined, nodes: 0, last: undefined, anyFree: true }), PortTakenError);
});
