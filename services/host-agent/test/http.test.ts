import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { refuseForeign } from "../src/http.ts";
import { createFetchJson } from "../src/http-client.ts";
import { splitAddress, startHttpServer } from "../src/http-server.ts";

const unexpected = (error: unknown): never => assert.fail(String(error));
const json = { "content-type": "application/json" };

test("a web page of another site cannot press the buttons", () => {
  const allowed = (method: string, headers: Record<string, string>) => refuseForeign({ method, headers }) === undefined;
  assert.ok(allowed("POST", { host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080", ...json }));
  assert.ok(allowed("POST", { host: "node-1:7300", ...json }));
  assert.ok(allowed("GET", { host: "localhost:8080" }));
  assert.ok(allowed("GET", { host: "[::1]:8080" }));
  assert.ok(!allowed("POST", { host: "127.0.0.1:8080", origin: "http://evil.example", ...json }));
  assert.ok(!allowed("POST", { host: "127.0.0.1:8080", "content-type": "text/plain" }), "a simple request");
  assert.ok(!allowed("GET", { host: "rebound.evil.example:8080" }));
  assert.ok(!allowed("GET", {}));
});

test("an address is split at its last colon and refused when it has no port", () => {
  assert.deepEqual(splitAddress("127.0.0.1:80"), { host: "127.0.0.1", port: 80 });
  for (const bad of ["127.0.0.1", ":80", "host:99999", "host:x"]) assert.throws(() => splitAddress(bad), RangeError);
});

test("bodies that are too long or not JSON are refused, and a failing handler answers 500", async (context) => {
  const failures: unknown[] = [];
  const server = await startHttpServer({
    listen: "127.0.0.1:0",
    failed: (error) => failures.push(error),
    handler: async ({ path, body }) => {
      if (path === "/fail") throw new Error("broken");
      return { status: 200, body: { got: body } };
    },
  });
  context.after(() => server.close());
  const post = (path: string, body: string) =>
    fetch(`http://${server.address}${path}`, { method: "POST", body, headers: json }).then((reply) => reply.status);
  assert.equal(await post("/", '{"a":1}'), 200);
  assert.equal(await post("/", '{"a":'), 400);
  assert.equal(await post("/", `"${"x".repeat(70_000)}"`), 413);
  assert.equal(await post("/fail", "{}"), 500);
  assert.equal(failures.length, 1);
});

test("random bytes close the connection and leave the server serving", async (context) => {
  const server = await startHttpServer({
    listen: "127.0.0.1:0", failed: unexpected, handler: async () => ({ status: 200, body: "fine" }),
  });
  context.after(() => server.close());
  const { host, port } = splitAddress(server.address);
  await new Promise<void>((resolve) => {
    const socket = connect(port, host, () => socket.write(Buffer.from("\u0000\u0016\u0003 nonsense\r\n\r\n")));
    socket.on("data", () => undefined);
    socket.on("close", () => resolve());
  });
  const result = await createFetchJson()(`http://${server.address}/`, { timeoutMs: 5_000 });
  assert.deepEqual(result, { kind: "reply", status: 200, body: "fine" });
});

test("a fetch from nobody, and from somebody who says nothing, is unreachable", async () => {
  const fetchJson = createFetchJson();
  const server = await startHttpServer({
    listen: "127.0.0.1:0", failed: unexpected, handler: () => new Promise(() => undefined),
  });
  const silent = await fetchJson(`http://${server.address}/`, { timeoutMs: 30 });
  assert.deepEqual(silent, { kind: "unreachable", reason: "no answer within 30 ms" });
  await server.close();
  const nobody = await fetchJson(`http://${server.address}/`, { timeoutMs: 5_000 });
  assert.deepEqual(nobody, { kind: "unreachable", reason: "ECONNREFUSED" });
});
