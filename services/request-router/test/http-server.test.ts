// The protocol: headers, health, refusals before any operation, keep-alive, pipelining and draining.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "@azimuth/request-router/crc32.ts";
import type { Respond } from "@azimuth/request-router/http-server.ts";
import { post, withServer } from "./http-client.ts";

const patience = { timeout: 20_000 };

test("the checksum is the CRC-32 of zlib and DynamoDB", () => {
  assert.equal(crc32("123456789"), 0xcbf43926);
  assert.equal(crc32("healthy: dynamodb.us-east-1.amazonaws.com "), 3128867991);
  assert.equal(crc32(Buffer.from("<UnknownOperationException/>\n")), 3552371480);
});

test("a request is handed on whole and its answer has DynamoDB's headers", patience, async () => {
  await withServer({}, async ({ connect, handled }) => {
    const { status, headers, body } = await connect().send(post('{"a":"ü"}', {}, "POST /?x=1 HTTP/1.1")).response();
    assert.deepEqual([status, body], [200, '{"a":"ü"}']);
    const { date, "x-amzn-requestid": requestId, ...others } = headers;
    assert.deepEqual(others, {
      server: "Server",
      "content-type": "application/x-amz-json-1.0",
      "content-length": "10",
      "x-amz-crc32": String(crc32('{"a":"ü"}')),
      connection: "keep-alive",
      "keep-alive": "timeout=65",
    });
    assert.match(date as string, /GMT$/);
    assert.match(requestId as string, /^[0-9A-V]{26}VV4KQNSO5AEMVJF66Q9ASUAAJG$/);
    const [request] = handled;
    assert.equal(request?.requestId, requestId);
    assert.deepEqual(request?.target, { api: "DynamoDB", operation: "GetItem" });
    assert.deepEqual([request?.method, request?.url, request?.remote], ["POST", "/?x=1", "127.0.0.1"]);
    assert.equal(request?.headers["host"], "localhost");
  });
});

test("an answer says which replica it comes from", patience, async () => {
  const replicas = "node-1; partition=2; replica=4097; role=leader";
  await withServer({ handle: (_, respond) => respond({ status: 200, body: "{}", replicas }) }, async ({ connect }) => {
    const { headers } = await connect().send(post("{}")).response();
    assert.equal(headers["x-azimuth-replica"], replicas);
  });
});

test("every request has an id of its own", patience, async () => {
  await withServer({}, async ({ connect, handled }) => {
    const client = connect().send(post("{}") + post("{}"));
    await client.response();
    await client.response();
    assert.notEqual(handled[0]?.requestId, handled[1]?.requestId);
  });
});

test("a body in many pieces, and one without a length, arrive whole", patience, async () => {
  await withServer({}, async ({ connect }) => {
    const client = connect();
    const body = "x".repeat(3_000_000);
    const request = post(body);
    for (let start = 0; start < request.length; start += 100_000) client.send(request.slice(start, start + 100_000));
    assert.equal((await client.response()).body, body);
    client.send(post("5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n", { "Content-Length": "", "Transfer-Encoding": "chunked" }));
    assert.equal((await client.response()).body, "helloyou");
  });
});

test("a client that asks whether to continue is told so", patience, async () => {
  await withServer({}, async ({ connect }) => {
    const client = connect();
    const [head, body] = post("{}", { Expect: "100-continue" }).split("\r\n\r\n") as [string, string];
    client.send(`${head}\r\n\r\n`);
    await client.until(/100 Continue\r\n\r\n/);
    client.received = Buffer.alloc(0);
    assert.equal((await client.send(body).response()).status, 200);
  });
});

test("a GET is answered as healthy, in DynamoDB's words", patience, async () => {
  await withServer({}, async ({ connect, handled }) => {
    const client = connect();
    for (const path of ["/", "/ping", "/anything"]) {
      const { status, body } = await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).response();
      assert.deepEqual([status, body], [200, "healthy: dynamodb.local.amazonaws.com "]);
    }
    assert.deepEqual(handled, []);
  });
});

test("/health follows the service, and other paths may be served", patience, async () => {
  let healthy = true;
  const options = {
    isHealthy: () => healthy,
    handleGet(path: string, respond: Respond): boolean {
      if (path !== "/metrics") return false;
      respond({ status: 200, body: "measured", contentType: "text/plain" });
      return true;
    },
  };
  await withServer(options, async ({ connect }) => {
    const client = connect();
    const get = (path: string) => client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).response();
    assert.equal((await get("/health")).status, 200);
    healthy = false;
    assert.equal((await get("/health")).status, 503);
    assert.equal((await get("/metrics?x=1")).body, "measured");
    assert.match((await get("/other")).body, /^healthy/);
  });
});

test("a target that is missing, malformed or of another service is an unknown operation", patience, async () => {
  await withServer({}, async ({ connect, handled }) => {
    const client = connect();
    for (const target of ["", "GetItem", "DynamoDB_20111205.GetItem", "Kinesis_20131202.PutRecord", "DynamoDB_20120810."]) {
      const { status, headers, body } = await client.send(post("{}", { "X-Amz-Target": target })).response();
      assert.equal(status, 400);
      assert.equal(body, '{"__type":"com.amazon.coral.service#UnknownOperationException"}');
      assert.equal(headers["content-type"], "application/x-amz-json-1.0");
    }
    assert.deepEqual(handled, []);
  });
});

test("another method or content type is not DynamoDB's protocol", patience, async () => {
  await withServer({}, async ({ connect, handled }) => {
    const client = connect();
    const requests = [
      post("{}", { "Content-Type": "text/plain" }),
      post("{}", { "Content-Type": "" }),
      post("{}", { "Content-Type": "application/x-amz-json-1.1" }),
      post("{}", {}, "PUT / HTTP/1.1"),
      post("", {}, "DELETE / HTTP/1.1"),
    ];
    for (const request of requests) {
      const { status, body, headers } = await client.send(request).response();
      assert.deepEqual([status, body], [404, "<UnknownOperationException/>\n"]);
      assert.equal(headers["x-amz-crc32"], "3552371480");
    }
    assert.deepEqual(handled, []);
  });
});

test("a request in plain JSON is answered in plain JSON", patience, async () => {
  await withServer({}, async ({ connect }) => {
    const request = post("{}", { "Content-Type": "application/json; charset=utf-8" });
    assert.equal((await connect().send(request).response()).headers["content-type"], "application/json");
  });
});

test("requests sent without waiting are answered in their order", patience, async () => {
  const waiting: Respond[] = [];
  const handle = (_request: unknown, respond: Respond): void => void waiting.push(respond);
  await withServer({ handle }, async ({ connect, server }) => {
    const client = connect().send(post("1") + post("2") + post("3"));
    while (waiting.length < 3) await new Promise(setImmediate);
    for (const number of [2, 1, 0]) waiting[number]?.({ status: 200, body: `answer ${number}` });
    const bodies = [(await client.response()).body, (await client.response()).body, (await client.response()).body];
    assert.deepEqual(bodies, ["answer 0", "answer 1", "answer 2"]);
    while (server.requestsUnderWay > 0) await new Promise(setImmediate);
  });
});

test("draining answers what is under way, closes idle connections and accepts no more", patience, async () => {
  const waiting: Respond[] = [];
  const handle = (_request: unknown, respond: Respond): void => void waiting.push(respond);
  await withServer({ handle }, async ({ connect, server }) => {
    const idle = connect().send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await idle.response();
    const busy = connect().send(post("{}"));
    while (waiting.length < 1) await new Promise(setImmediate);
    let drained = false;
    const done = new Promise<void>((resolve) => server.drain(resolve)).then(() => (drained = true));
    await idle.closed;
    const late = connect();
    await late.closed;
    assert.equal(drained, false);
    waiting[0]?.({ status: 200, body: "the last" });
    const { headers, body } = await busy.response();
    assert.deepEqual([body, headers["connection"]], ["the last", "close"]);
    await busy.closed;
    await done;
  });
});

test("draining does not wait for ever", patience, async () => {
  await withServer({ handle() {}, limits: { drainMs: 30 } }, async ({ connect, server, handled }) => {
    const client = connect().send(post("{}"));
    while (handled.length < 1) await new Promise(setImmediate);
    await new Promise<void>((resolve) => server.drain(resolve));
    await client.closed;
    while (server.requestsUnderWay > 0) await new Promise(setImmediate);
  });
});
