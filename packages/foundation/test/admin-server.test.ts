// What a web page in the operator's browser can and cannot get out of a process's own HTTP address.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { startAdminServer } from "@azimuth/foundation/admin-server.ts";
import { silentLogger } from "@azimuth/foundation/logger.ts";

interface Told {
  readonly status: number;
  readonly body: string;
}

async function ask(method: string, headers: Record<string, string>, target?: string): Promise<Told> {
  const routes = {
    "GET /secret": ({ isLocal }: { readonly isLocal: boolean }) => ({ status: 200, json: { isLocal } }),
    "POST /press": () => ({ status: 200, json: { pressed: true } }),
  };
  return new Promise((resolve, reject) => {
    const server = startAdminServer({ host: "127.0.0.1", port: 0, routes, log: silentLogger }, (port) => {
      const path = target ?? (method === "GET" ? "/secret" : "/press");
      const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
        response.setEncoding("utf8");
        let body = "";
        response.on("data", (text: string) => (body += text));
        response.on("end", () => {
          server.close();
          resolve({ status: response.statusCode ?? 0, body: body.trim() });
        });
      });
      sent.on("error", reject);
      sent.end();
    });
  });
}

test("a tool on this machine is local, whatever loopback name it uses", async () => {
  for (const host of ["127.0.0.1:7400", "localhost:7400", "[::1]:7400", "127.1.2.3"]) {
    assert.deepEqual(await ask("GET", { host }), { status: 200, body: '{"isLocal":true}' }, host);
  }
});

test("a page whose host name was made to point here is not local, nor is one that names its origin", async () => {
  for (const host of ["evil.example:7400", "127.0.0.1.evil.example", "localhost.evil.example", "router-1:7400"]) {
    assert.deepEqual(await ask("GET", { host }), { status: 200, body: '{"isLocal":false}' }, host);
  }
  const foreign = { host: "127.0.0.1:7400", origin: "http://evil.example" };
  assert.deepEqual(await ask("GET", foreign), { status: 200, body: '{"isLocal":false}' });
});

test("a page cannot press a button, and a tool can", async () => {
  assert.equal((await ask("POST", { host: "127.0.0.1", origin: "http://evil.example" })).status, 403);
  assert.equal((await ask("POST", { host: "127.0.0.1", origin: "null" })).status, 403);
  assert.deepEqual(await ask("POST", { host: "node-1:7201" }), { status: 200, body: '{"pressed":true}' });
});

test("addresses that are no pages are answered with 404, malformed ones too", async () => {
  for (const target of ["//", "/%", "//[", "*", "http://x:99999999/", "/secret/", "/__proto__", "/?/secret"]) {
    assert.equal((await ask("GET", {}, target)).status, 404, target);
  }
  assert.equal((await ask("GET", {}, "/secret?a=%&b")).status, 200);
});
