// Clients that are slow, endless, broken or mad: each loses its connection, nobody else notices, nothing is left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Respond } from "@azimuth/request-router/http-server.ts";
import { post, type TestServer, type TestServerOptions, withServer } from "./http-client.ts";

/** Runs against a server and then asks it an honest question; nothing may be under way before that. */
function hostile(sentence: string, options: TestServerOptions, body: (world: TestServer) => Promise<void>): void {
  test(sentence, { timeout: 20_000 }, async () => {
    await withServer(options, async (world) => {
      await body(world);
      while (world.server.requestsUnderWay > 0) await new Promise(setImmediate);
      const { status } = await world.connect().send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").response();
      assert.equal(status, 200);
    });
  });
}

hostile("headers that never end are timed out", { limits: { headersTimeoutMs: 50 } }, async ({ connect, handled }) => {
  const client = connect().send("POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: 1\r\n");
  assert.match(await client.until(/never/), /^HTTP\/1\.1 408 /);
  assert.deepEqual(handled, []);
});

hostile(
  "a body that never ends is timed out",
  { limits: { headersTimeoutMs: 50, requestTimeoutMs: 50 } },
  async ({ connect, handled }) => {
    await connect().send(post("{}", { "Content-Length": "1000" })).closed;
    assert.deepEqual(handled, []);
  },
);

hostile("a connection that says nothing is closed", { limits: { stalledMs: 50 } }, async ({ connect }) => {
  await connect().closed;
});

hostile("a client that does not read its answer is closed", {
  limits: { stalledMs: 100 },
  handle: (_request, respond) => respond({ status: 200, body: Buffer.alloc(30 << 20) }),
}, async ({ connect, server }) => {
  const client = connect();
  client.socket.pause();
  client.send(post("{}"));
  while (server.requestsUnderWay === 0) await new Promise(setImmediate);
  while (server.requestsUnderWay > 0) await new Promise(setImmediate);
});

hostile("a body that breaks off is forgotten", {}, async ({ connect, handled, server }) => {
  const client = connect().send(post("half", { "Content-Length": "1000" }));
  while (server.requestsUnderWay === 0) await new Promise(setImmediate);
  client.socket.end();
  await client.closed;
  assert.deepEqual(handled, []);
});

hostile("a client that leaves before its answer costs nothing", { handle() {} }, async ({ connect, handled }) => {
  const client = connect().send(post("1") + post("2") + post("3"));
  while (handled.length < 3) await new Promise(setImmediate);
  client.socket.destroy();
});

test("an answer to a client that has left is dropped", { timeout: 20_000 }, async () => {
  const waiting: Respond[] = [];
  await withServer({ handle: (_request, respond) => void waiting.push(respond) }, async ({ connect, server }) => {
    const client = connect().send(post("1") + post("2"));
    while (waiting.length < 2) await new Promise(setImmediate);
    client.socket.destroy();
    while (server.requestsUnderWay > 0) await new Promise(setImmediate);
    for (const respond of waiting) respond({ status: 200, body: "too late" });
    assert.equal(server.requestsUnderWay, 0);
  });
});

const small = { bodyBytesMax: 1000, discardedBytesMax: 100_000 };

hostile("a body over the limit is refused, and the connection serves on", { limits: small }, async ({ connect, handled }) => {
  const client = connect().send(post("x".repeat(1001)));
  const { status, body } = await client.response();
  assert.equal(status, 413);
  assert.match(body, /^\{"__type":"com\.amazon\.coral\.service#RequestEntityTooLargeException"/);
  assert.deepEqual(handled, []);
  assert.equal((await client.send(post("x".repeat(1000))).response()).status, 200);
});

hostile("a body without end is cut off", { limits: small }, async ({ connect, handled }) => {
  const client = connect().send(post("", { "Content-Length": "", "Transfer-Encoding": "chunked" }));
  const chunk = `1000\r\n${"x".repeat(4096)}\r\n`;
  const pour = (): void => {
    if (!client.socket.writable) return;
    client.socket.write(chunk, () => setImmediate(pour));
  };
  pour();
  await client.closed;
  assert.match(client.received.toString("latin1"), /^HTTP\/1\.1 413 |^$/);
  assert.deepEqual(handled, []);
});

hostile("headers that are too long are refused", {}, async ({ connect }) => {
  const client = connect().send(post("{}", { "X-Long": "y".repeat(20_000) }));
  assert.match(await client.until(/never/), /^HTTP\/1\.1 431 /);
});

hostile("random bytes are refused", {}, async ({ connect, handled }) => {
  const random = createSeededRandom("random bytes");
  for (let round = 0; round < 50; round++) {
    const client = connect();
    client.socket.end(Buffer.from(random.bytes(random.between(1, 2000))));
    await client.closed;
    assert.match(client.received.toString("latin1"), /^HTTP\/1\.1 400 |^$/);
  }
  assert.deepEqual(handled, []);
});

hostile("requests damaged in one byte harm nobody", {}, async ({ connect }) => {
  const random = createSeededRandom("damage");
  for (let round = 0; round < 100; round++) {
    const request = Buffer.from(post('{"TableName":"t"}'));
    request[random.integer(request.length)] = random.integer(256);
    const client = connect();
    client.socket.end(request);
    await client.closed;
  }
});

hostile(
  "more requests at once on one connection than allowed close it",
  { handle() {}, limits: { pipelinedMax: 10 } },
  async ({ connect, handled }) => {
    await connect().send(post("{}").repeat(11)).closed;
    assert.equal(handled.length, 10);
  },
);

hostile("more connections than allowed are closed", { limits: { connectionsMax: 3 } }, async ({ connect }) => {
  const served = [connect(), connect(), connect()];
  for (const client of served) await client.send(post("{}")).response();
  await connect().send(post("{}")).closed;
  for (const client of served) assert.equal((await client.send(post("{}")).response()).status, 200);
  for (const client of served) client.socket.end();
  await Promise.all(served.map(({ closed }) => closed));
});
