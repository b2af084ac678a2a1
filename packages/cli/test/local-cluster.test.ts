// Starting and stopping with the real agent and dummy services: what is tested here is the life of the processes, not
// the database in them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createFetchJson } from "@azimuth/host-agent/http-client.ts";
import { agentReport, startLocalCluster, stopLocalCluster } from "../src/local-cluster.ts";
import { credentialsFile, readCredentials } from "../src/local-files.ts";

const dummy = `
import { createServer } from "node:http";
const flag = (name) => process.argv[process.argv.indexOf(name) + 1];
const [host, port] = flag(process.argv.includes("--http") ? "--http" : "--listen").split(":");
createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ accessKeyId: "KEY", secretAccessKey: "SECRET", node: 1, groups: [] }));
}).listen(Number(port), host);
`;

function setUp(context: TestContext, programs: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-local-"));
  const sources = join(directory, "sources");
  for (const service of ["storage-node", "request-router", "console"]) {
    mkdirSync(join(sources, "services", service, "src"), { recursive: true });
    writeFileSync(join(sources, "services", service, "src", "main.ts"), programs[service] ?? dummy);
  }
  writeFileSync(join(sources, "package.json"), '{ "type": "module" }');
  context.after(async () => {
    await stopLocalCluster(directory);
    rmSync(directory, { recursive: true });
  });
  return { directory, sources, freePorts: true };
}

function azimuth(directory: string, ...words: string[]) {
  const bin = join(import.meta.dirname, "..", "bin", "azimuth.js");
  const { stdout, stderr, status } =
    spawnSync(process.execPath, [bin, ...words, "--data", directory], { encoding: "utf8" });
  return { stdout, stderr, status };
}

test("a cluster is started once, found again, broken, mended and stopped", async (context) => {
  const options = setUp(context);
  const { directory } = options;
  const first = await startLocalCluster(options);
  assert.deepEqual(first.credentials, { accessKeyId: "KEY", secretAccessKey: "SECRET" });
  assert.deepEqual(readCredentials(directory), first.credentials);
  assert.equal(statSync(credentialsFile(directory)).mode & 0o777, 0o600);

  const again = await startLocalCluster(options);
  assert.equal(again.alreadyRan, true);
  assert.equal(again.cluster.run, first.cluster.run);

  const killed = azimuth(directory, "kill", "az-2", "node-3");
  assert.deepEqual(killed, { stdout: "node-2 killed\nnode-3 killed\n", stderr: "", status: 0 });
  assert.match(azimuth(directory, "status").stdout, /az-2 +node-2 +killed/);
  assert.equal(azimuth(directory, "restart", "node-2").stdout, "node-2 running\n");
  const unknown = azimuth(directory, "kill", "az-7");
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /no node or zone az-7; there are az-1, az-2, az-3, node-1/);

  assert.equal((await stopLocalCluster(directory))?.length, 5);
  assert.equal(await agentReport(createFetchJson(), first.cluster), undefined);
  assert.equal(await stopLocalCluster(directory), undefined);
  assert.match(azimuth(directory, "status").stderr, /does not run/);

  const later = await startLocalCluster(options);
  assert.deepEqual(later.cluster.ports, first.cluster.ports, "the ports are kept");
});

const linuxOnly = { skip: process.platform === "linux" ? false : "reads /proc" };

test("what a killed agent left behind is ended by the next start", linuxOnly, async (context) => {
  const options = setUp(context);
  const first = await startLocalCluster(options);
  const report = await agentReport(createFetchJson(), first.cluster);
  const nodePid = report?.processes[0]?.pid ?? 0;
  const agentPid = Number(readFileSync(`/proc/${nodePid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]);
  process.kill(agentPid, "SIGKILL");
  const fetchJson = createFetchJson();
  while ((await agentReport(fetchJson, first.cluster)) !== undefined);
  const second = await startLocalCluster(options);
  assert.deepEqual(second.endedLeftovers.toSorted(), ["console", "node-1", "node-2", "node-3", "router-1"]);
  assert.equal(existsSync(`/proc/${nodePid}/cmdline`) ? readFileSync(`/proc/${nodePid}/cmdline`, "utf8") : "", "");
});

test("a service that ends while starting is named, with what it said, and nothing is left running", async (context) => {
  const options = setUp(context, {
    "storage-node": 'process.stderr.write("disk is on fire\\n"); process.exit(70);',
    "request-router": "setInterval(() => undefined, 1000);",
  });
  await assert.rejects(startLocalCluster(options), /node-\d ended while starting \(code 70\)[^]*disk is on fire/);
  assert.equal(await stopLocalCluster(options.directory), undefined);
});
