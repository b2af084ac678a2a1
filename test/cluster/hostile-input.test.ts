// Bad input from everywhere on real processes: whatever is sent to any port, nobody crashes, nobody answers with a
// server's error, nothing stays behind, and what was stored is still there.
//
// AZIMUTH_SEED repeats a run's random bytes and requests.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { createSigner } from "../bench/sign.ts";
import { absurdRaft, absurdRequests } from "./absurd-messages.ts";
import { callPeer, open, say, statusOf } from "./raw-clients.ts";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { createClient, createWorkloadTable } from "./workload.ts";

const seed = Number(process.env["AZIMUTH_SEED"] ?? 1);
const random = createSeededRandom(seed);
const table = "untouched";
/** Random requests may change it. */
const scratch = "scratch";
const items = 20;
const halfOpen = 1500;
const randomRequests = 400;
const memoryGrowthMax = 300 << 20;
const answerMs = 5000;

let cluster: TestCluster;
let client: DynamoDBClient;
let endpoint: string;
let httpPorts: readonly string[];
let grpcPorts: readonly string[];
let pids: ReadonlyMap<string, number>;
let footprints: ReadonlyMap<string, Footprint>;

interface Footprint {
  readonly memory: number;
  readonly handles: number;
}

before(async () => {
  cluster = await startTestCluster();
  client = createClient(cluster.endpoint);
  await createWorkloadTable(client, table);
  await createWorkloadTable(client, scratch);
  for (let item = 0; item < items; item++) await put(item);
  const { ports } = cluster.cluster;
  endpoint = `127.0.0.1:${ports.endpoint}`;
  const others = [ports.console, ports.agent, ports.routerHttp, ...ports.nodes.map(({ http }) => http)];
  httpPorts = [endpoint, ...others.map((port) => `127.0.0.1:${port}`)];
  grpcPorts = ports.nodes.map(({ grpc }) => `127.0.0.1:${grpc}`);
  pids = await runningPids();
  footprints = new Map([...pids].map(([name, pid]) => [name, footprintOf(pid)]));
});

after(async () => {
  client.destroy();
  await cluster.stop();
});

function put(item: number): Promise<unknown> {
  return client.send(new PutItemCommand({ TableName: table, Item: { id: { S: `item-${item}` }, value: { N: String(item) } } }));
}

async function runningPids(): Promise<Map<string, number>> {
  const response = await fetch(`http://${cluster.cluster.agents[0]}/processes`);
  const { processes } = (await response.json()) as { processes: { name: string; pid: number | null; state: string }[] };
  return new Map(processes.map(({ name, pid, state }) => [name, state === "running" ? (pid ?? 0) : 0]));
}

function footprintOf(pid: number): Footprint {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { memory: Number(resident) * 1024, handles: readdirSync(`/proc/${pid}/fd`).length };
}

/** Runs the attack; afterwards every process must be the one it was, answer, and have what it had. */
function hostile(sentence: string, attack: (context: TestContext) => Promise<void>): void {
  test(sentence, { timeout: 120_000 }, async (context) => {
    try {
      await attack(context);
    } finally {
      await expectAllAlive();
    }
    for (const node of cluster.nodes) assert.ok((await cluster.status(node)) !== undefined, `${node} does not answer`);
    for (let item = 0; item < items; item++) {
      const Key = { id: { S: `item-${item}` } };
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      assert.equal(Item?.["value"]?.N, String(item));
    }
    await put(0);
  });
}

/** Every process is the one it was; one that is not is started again, so that the next attack finds it. */
async function expectAllAlive(): Promise<void> {
  const now = await runningPids();
  const ended = [...pids].filter(([name, pid]) => now.get(name) !== pid).map(([name]) => name);
  if (ended.length === 0) return;
  const lastWords = ended.map((name) => {
    const { logFile } = cluster.cluster.processes.find((each) => each.name === name) as { logFile: string };
    return `${name} ended:\n${readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-12).join("\n").slice(-3000)}`;
  });
  for (const name of ended) await cluster.act("restart", name);
  await cluster.caughtUp(30_000);
  while (statusOf(await say(endpoint, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 500, /\r\n\r\n/)) !== 200) await wait(100);
  pids = await runningPids();
  assert.fail(lastWords.join("\n\n"));
}

function request(body: string | Buffer, headers: Readonly<Record<string, string>> = {}, line = "POST / HTTP/1.1"): Buffer {
  const all = {
    Host: endpoint,
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.PutItem",
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${line}\r\n${lines.join("\r\n")}\r\n\r\n`), Buffer.from(body)]);
}

function signed(operation: string, body: string): Buffer {
  const { accessKeyId, secretAccessKey } = cluster.endpoint;
  const sign = createSigner({ accessKeyId, secretAccessKey, region: "us-east-1" });
  const target = { "X-Amz-Target": `DynamoDB_20120810.${operation}` };
  const { date, authorization } = sign(endpoint, operation, Buffer.from(body));
  return request(body, { ...target, "X-Amz-Date": date, Authorization: authorization });
}

/** A refusal of a client's mistake, or a closed connection. */
async function isRefused(bytes: string | Buffer, what: string): Promise<void> {
  const heard = await say(endpoint, bytes, answerMs);
  const status = statusOf(heard);
  assert.ok(heard.closed, `${what}: neither answered nor closed`);
  assert.ok(status === undefined || (status >= 400 && status < 500), `${what}: ${heard.text.slice(0, 300)}`);
}

const deep = `${'{"M":{"a":'.repeat(20_000)}{"N":"1"}${"}}".repeat(20_000)}`;
const bodies: Readonly<Record<string, string>> = {
  "no JSON": "{", "half a body": '{"TableName":"untouched","Item":{"id":{"S":', "no object": "[1]", "a number": "7",
  "nothing": "", "null": "null", "a broken character": '{"TableName":"\ud800"}', "NaN": '{"TableName":NaN}',
  "a wrong type": '{"TableName":{"S":"x"}}', "an attribute of no type": `{"TableName":"${table}","Item":{"id":{}}}`,
  "two types": `{"TableName":"${table}","Item":{"id":{"S":"a","N":"1"}}}`,
  "a number too long": `{"TableName":"${table}","Item":{"id":{"S":"a"},"n":{"N":"${"9".repeat(5000)}"}}}`,
  "deep nesting": `{"TableName":"${table}","Item":{"id":{"S":"a"},"d":${deep}}}`,
  "deep brackets": "[".repeat(200_000), "prototype": `{"TableName":"${table}","__proto__":{"Item":1},"Item":{"id":{"S":1}}}`,
  "an item too large": `{"TableName":"${table}","Item":{"id":{"S":"a"},"x":{"S":"${"x".repeat(500_000)}"}}}`,
  "a huge expression": `{"TableName":"${table}","Item":{"id":{"S":"a"}},"ConditionExpression":"${"(".repeat(100_000)}"}`,
};

hostile("bodies that are no request are refused, with and without a signature", async () => {
  for (const [what, body] of Object.entries(bodies)) {
    await isRefused(request(body), what);
    for (const operation of ["PutItem", "UpdateItem", "Query", "BatchWriteItem", "CreateTable"]) {
      await isRefused(signed(operation, body), `${operation} with ${what}`);
    }
  }
});

hostile("requests of no or another protocol are refused", async () => {
  const lines = ["POST /%% HTTP/1.1", "PATCH / HTTP/1.1", "POST // HTTP/1.1", "BREW / HTCPCP/1.0", "POST / HTTP/9.9", "POST * HTTP/1.1"];
  for (const line of lines) await isRefused(request("{}", {}, line), line);
  const own = "DynamoDB_20120810.";
  const targets = ["", own, `${own}constructor`, "DynamoDB_19990101.PutItem", "S3.PutObject", "x".repeat(9000)];
  for (const target of targets) await isRefused(request("{}", { "X-Amz-Target": target }), `target ${target.slice(0, 40)}`);
  const headers: Readonly<Record<string, string>>[] = [
    { Host: "" }, { "Content-Type": "text/html" }, { "Content-Length": "-1" }, { "Content-Length": "1e9" },
    { "Transfer-Encoding": "chunked" }, { Authorization: "AWS4-HMAC-SHA256" }, { Authorization: "x".repeat(8000) },
    { "X-Long": "x".repeat(40_000) }, Object.fromEntries(Array.from({ length: 3000 }, (_, each) => [`X-${each}`, "1"])),
    { "Amz-Sdk-Invocation-Id": "\u0001" },
    { "X-Amz-Date": "yesterday", Authorization: "AWS4-HMAC-SHA256 Credential=/, SignedHeaders=;, Signature=" },
  ];
  for (const each of headers) await isRefused(request("{}", each), JSON.stringify(each).slice(0, 80));
});

hostile("a body far too large is refused", async () => {
  await isRefused(request(Buffer.alloc(20 << 20, 0x20)), "20 MB of spaces");
  await isRefused(signed("PutItem", `{"TableName":"${"x".repeat(17 << 20)}"}`), "a name of 17 MB");
});

hostile("bodies that break off and clients that vanish leave nothing", async () => {
  for (let each = 0; each < 200; each++) {
    const socket = open(endpoint);
    socket.write(request("x".repeat(1000), { "Content-Length": "100000" }));
    if (each % 2 === 0) socket.end();
    else setTimeout(() => socket.resetAndDestroy(), 20);
  }
  for (let each = 0; each < 50; each++) open(endpoint).end(signed("PutItem", `{"TableName":"${table}"}`).subarray(0, random.integer(400)));
  await wait(200);
});

hostile("random bytes on every port cost their connection only", async () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  await Promise.all([...httpPorts, ...grpcPorts].map(async (address) => {
    for (let each = 0; each < 25; each++) {
      const noise = Buffer.from(random.bytes(random.integer(3000) + 1));
      await say(address, noise, 100);
      await say(address, Buffer.concat([preface, noise]), 100);
      await say(address, Buffer.concat([preface, ...Array.from({ length: 20 }, randomFrame)]), 100);
      await say(address, Buffer.concat([Buffer.from("GET //\u0000 HTTP/1.1\r\n"), noise]), 100);
    }
    for (const path of ["//", "/%", "/../..", "/status?%", "/__proto__", "/constructor"]) {
      const heard = await say(address, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 1000, /\r\n\r\n/);
      assert.ok((statusOf(heard) ?? 0) < 500, heard.text);
    }
  }));
});

/** A well-formed HTTP/2 frame of any type, flags, stream and content. */
function randomFrame(): Buffer {
  const payload = Buffer.from(random.bytes(random.integer(60)));
  const head = Buffer.alloc(9);
  head.writeUIntBE(random.chance(0.1) ? random.integer(2 ** 24) : payload.length, 0, 3);
  head[3] = random.integer(12);
  head[4] = random.integer(256);
  head.writeUInt32BE(random.integer(8), 5);
  return Buffer.concat([head, payload]);
}

hostile("callers of the port between processes who are strangers or send no frames are cut off", async () => {
  for (const address of grpcPorts) {
    const foreign = { name: "node-2", cluster: "another" };
    for (const caller of [foreign, { name: "", cluster: "local" }, { name: "x".repeat(4000), cluster: "" }]) {
      assert.equal(await callPeer(address, caller, [], 3000), "closed");
    }
    for (let each = 0; each < 40; each++) {
      const noise = Buffer.concat([Buffer.from([0xff]), Buffer.from(random.bytes(random.integer(500)))]);
      assert.equal(await callPeer(address, { name: `stranger-${each}`, cluster: "local" }, [noise], 3000), "closed");
    }
  }
});

hostile("frames that can be read and make no sense harm nobody, whoever claims to send them", async () => {
  const statuses = await Promise.all(cluster.nodes.map((node) => cluster.status(node)));
  const groups = [...new Set(statuses.flatMap((status) => status?.groups.map(({ group }) => group) ?? []))];
  for (const [position, address] of grpcPorts.entries()) {
    const to = position + 1;
    for (const name of ["stranger", `node-${(to % 3) + 1}`]) {
      const from = (to % 3) + 1;
      const caller = { name, cluster: "local" };
      const frames = [0, ...groups, 4_000_000_000].flatMap((group) => [...absurdRaft(group, from, to), ...absurdRaft(group, to, to)]);
      await callPeer(address, caller, frames, 400);
      await callPeer(address, caller, absurdRequests([0, ...groups, 99_999]), 700);
    }
  }
});

hostile(`${halfOpen} connections that say half of something keep nobody else waiting`, async (context) => {
  const sockets = Array.from({ length: halfOpen }, (_, each) => {
    const socket = open(each % 3 === 0 ? (grpcPorts[each % grpcPorts.length] as string) : endpoint);
    socket.write(each % 2 === 0 ? "POST / HTTP/1.1\r\nHost: x\r\n" : "PRI * HTTP/2.0\r\n");
    return socket;
  });
  await wait(500);
  const startedAt = performance.now();
  for (let item = 0; item < items; item++) await put(item);
  context.diagnostic(`${items} writes beside them took ${(performance.now() - startedAt).toFixed(0)} ms`);
  for (const socket of sockets) socket.destroy();
});

hostile("random requests that look right get an answer or a clear error", async (context) => {
  const counts = new Map<number, number>();
  await fc.assert(fc.asyncProperty(anyRequest(), fc.boolean(), async ({ operation, input }, isSigned) => {
    const body = JSON.stringify(input);
    const target = { "X-Amz-Target": `DynamoDB_20120810.${operation}` };
    const heard = await say(endpoint, isSigned ? signed(operation, body) : request(body, target), answerMs * 4);
    const status = statusOf(heard) ?? 0;
    counts.set(status, (counts.get(status) ?? 0) + 1);
    assert.ok(status === 200 || status === 400, `${operation} ${body}: ${heard.text.slice(0, 400)}`);
    assert.ok(isSigned || status === 400, "an unsigned request was let in");
  }), { numRuns: randomRequests, seed });
  context.diagnostic([...counts].map(([status, count]) => `${count} times ${status}`).join(", "));
});

/** Members that belong to the operations, with values that may. */
function anyRequest(): fc.Arbitrary<{ operation: string; input: object }> {
  const name = fc.oneof({ weight: 8, arbitrary: fc.constant(scratch) }, fc.constantFrom("none", "a", "un touched", ""));
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.record({ S: fc.string() }), fc.record({ N: fc.oneof(fc.double().map(String), fc.constantFrom("1", "1e200", "x", "")) }),
      fc.record({ B: fc.base64String() }), fc.record({ BOOL: fc.boolean() }), fc.record({ NULL: fc.constant(true) }),
      fc.record({ SS: fc.array(fc.string(), { maxLength: 3 }) }), fc.record({ L: fc.array(tie("any"), { maxLength: 3 }) }),
      fc.record({ M: fc.dictionary(fc.string(), tie("any"), { maxKeys: 3 }) }), fc.anything(),
    ),
  })).any;
  const honest = fc.record({ id: fc.record({ S: fc.string({ minLength: 1, maxLength: 4 }) }) });
  const attributes = fc.dictionary(fc.constantFrom("id", "a", "b", ""), value);
  const item = fc.oneof({ weight: 4, arbitrary: honest }, fc.record({ id: value }), attributes);
  const expression = fc.oneof(
    fc.constantFrom("id = :a", "attribute_exists(#n)", "SET #n = :a", "ADD #n :a", "REMOVE a[0]", "a.b[1].c", "size(a) > :a"), fc.string(),
  );
  const limit = fc.oneof(fc.integer(), fc.double(), fc.string());
  const names = { "#n": fc.oneof(fc.constantFrom("a", "id", "b"), fc.string()) };
  const values = { ":a": value };
  const members: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    TableName: name, Item: item, Key: item, KeyConditionExpression: expression, ConditionExpression: expression,
    UpdateExpression: expression, FilterExpression: expression, ProjectionExpression: expression,
    ExpressionAttributeNames: fc.record(names), ExpressionAttributeValues: fc.record(values),
    Limit: limit, ExclusiveStartKey: item, ConsistentRead: fc.oneof(fc.boolean(), fc.string()),
    ReturnValues: fc.constantFrom("NONE", "ALL_OLD", "x"), Segment: limit, TotalSegments: limit,
    RequestItems: fc.dictionary(name, fc.oneof(fc.array(fc.record({ PutRequest: fc.record({ Item: item }) })), fc.anything())),
  };
  const needed = fc.record({ TableName: name, Item: item, Key: item });
  const input = fc.tuple(needed, fc.oneof(fc.constant({}), fc.record(members, { requiredKeys: [] })))
    .map(([some, more]): object => ({ ...more, ...some }));
  const operation = fc.constantFrom(
    "PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem", "DescribeTable", "ListTables",
    "TransactGetItems", "TransactWriteItems", "ExecuteStatement", "UpdateTable", "TagResource",
  );
  return fc.record({ operation, input: fc.oneof(input, fc.record(members, { requiredKeys: [] })) });
}

hostile("afterwards every process has the memory and the handles it had", async (context) => {
  const deadline = performance.now() + 45_000;
  for (;;) {
    const grown = [...pids].map(([name, pid]) => {
      const now = footprintOf(pid);
      const then = footprints.get(name) as Footprint;
      return { name, memory: now.memory - then.memory, handles: now.handles - then.handles };
    });
    const tooMuch = grown.filter(({ memory, handles }) => memory > memoryGrowthMax || handles > 25);
    if (tooMuch.length === 0) {
      context.diagnostic(grown.map(({ name, memory, handles }) => `${name} ${memory >> 20} MB, ${handles} handles`).join("; "));
      return;
    }
    assert.ok(performance.now() < deadline, JSON.stringify(tooMuch));
    await wait(500);
  }
});
