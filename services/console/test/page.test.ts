// The page in a real browser, on a console whose cluster is made up. Skipped where there is no Chromium.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { chromium, type Page } from "playwright-core";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import type { FetchJson } from "@azimuth/host-agent/http.ts";
import { startHttpServer } from "@azimuth/host-agent/http-server.ts";
import { createConsole, pageHeaders } from "../src/console.ts";
import { parseMembers } from "../src/members.ts";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const needsBrowser = { skip: browserPath === undefined ? "no Chromium is installed" : false, timeout: 60_000 };

const middle = "8000000000000000";

/** Three nodes that lead and follow one partition of a table with a name that would be markup. */
function createCluster() {
  const split = { underWay: false, done: false };
  const states = new Map(["node-1", "node-2", "node-3"].map((name) => [name, "running"]));
  const processes = () => [...states].map(([name, state], index) =>
    ({ name, zone: `az-${index + 1}`, kind: "storage-node", state, since: 0, pid: 7 }));
  const fetchJson: FetchJson = async (url, { body }) => {
    const reply = (value: unknown) => ({ kind: "reply", status: 200, body: value }) as const;
    if (url === "http://agent:1/processes") return reply({ processes: processes() });
    if (url === "http://agent:1/kill") {
      const { target } = body as { target: string };
      const killed = processes().filter(({ name, zone }) => name === target || zone === target);
      for (const { name } of killed) states.set(name, "killed");
      return reply({ processes: killed });
    }
    if (/^http:\/\/node-1:1\/split\?partition=1$/.test(url)) {
      split.underWay = true;
      return reply({ partition: 1, child: 2, at: middle, already: false });
    }
    if (url === "http://router:1/status") return reply({ endpoint: "http://127.0.0.1:8000", tables: [] });
    const name = /http:\/\/(node-\d)/.exec(url)?.[1] ?? "";
    if (states.get(name) !== "running") return { kind: "unreachable", reason: "ECONNREFUSED" };
    const number = Number(name.slice(5));
    const whole = {
      group: 1, role: number === 1 ? "leader" : "follower", term: 2, commit: 5, applied: 5, voters: [1, 2, 3],
      table: "<img src=x onerror=alert(1)>", firstToken: "0000000000000000", lastToken: "ffffffffffffffff",
      items: 40, bytes: 4096, splitting: split.underWay ? { child: 2, at: middle } : undefined,
    };
    if (!split.done) return reply({ node: number, groups: [whole] });
    const first = { ...whole, lastToken: "7fffffffffffffff", items: 15, splitting: undefined };
    return reply({ node: number, groups: [first, { ...first, group: 2, firstToken: middle, lastToken: whole.lastToken, items: 25 }] });
  };
  return { fetchJson, states, split };
}

async function openPage(context: TestContext) {
  const { fetchJson, states, split } = createCluster();
  const server = await startHttpServer({
    listen: "127.0.0.1:0", headers: pageHeaders, failed: (error) => assert.fail(String(error)),
    handler: createConsole({
      clock: createRealClock(), fetchJson, metrics: async () => "",
      pageFile: (name) => readFileSync(join(import.meta.dirname, "..", "page", name)),
    }, {
      cluster: "test", nodes: parseMembers("node-1=az-1=node-1:1,node-2=az-2=node-2:1,node-3=az-3=node-3:1"),
      routers: parseMembers("router-1==router:1"), agents: ["agent:1"], timeoutMs: 100, actionTimeoutMs: 100,
    }),
  });
  const browser = await chromium.launch({
    executablePath: browserPath ?? "", args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  context.after(async () => {
    await browser.close();
    await server.close();
  });
  const page: Page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  await page.goto(`http://${server.address}/`);
  return { page, states, split, errors };
}

test("the page shows zones, nodes and partitions, and takes names as text", needsBrowser, async (context) => {
  const { page, errors } = await openPage(context);
  await page.waitForSelector(".zone");
  assert.equal(await page.textContent("#summary"), "3 of 3 nodes run; the one partition has a leader.");
  assert.equal(await page.locator(".zone").count(), 3);
  assert.equal(await page.textContent("#partitions td:nth-child(2)"), "<img src=x onerror=alert(1)>");
  assert.equal(await page.locator("#ring path").count(), 1);
  assert.deepEqual(errors, []);
});

test("a press on Kill kills, the page tells, and the other buttons follow", needsBrowser, async (context) => {
  const { page, states, errors } = await openPage(context);
  await page.click('[aria-label="Kill az-2"]');
  await page.waitForSelector(".zone.down");
  assert.equal(states.get("node-2"), "killed");
  assert.equal(await page.textContent("#summary"), "2 of 3 nodes run; the one partition has a leader.");
  assert.equal(await page.isDisabled('[aria-label="Kill node-2"]'), true);
  assert.equal(await page.isEnabled('[aria-label="Restart node-2"]'), true);
  assert.deepEqual(errors, []);
});

test("a press on Split shows the split under way and then both halves", needsBrowser, async (context) => {
  const { page, split, errors } = await openPage(context);
  await page.click('[aria-label="Split partition 1 in the middle"]');
  await page.waitForSelector(".splitting");
  assert.equal(await page.textContent(".splitting"), "splitting → 2 at 8000…");
  assert.equal(await page.locator('[data-key="split 1"]').count(), 0);
  split.done = true;
  await page.waitForSelector('[data-key="split 2"]');
  const cells = (selector: string) => page.locator(`#partitions ${selector}`).allTextContents();
  assert.deepEqual(await cells("code"), ["0000 … 7fff", "8000 … ffff"]);
  assert.deepEqual(await cells("td:nth-child(7)"), ["15", "25"]);
  assert.equal(await page.isEnabled('[data-key="split 1"]'), true);
  assert.equal(await page.locator("#ring path").count(), 2);
  assert.deepEqual(errors, []);
});
