// The agent's own process, as a laptop or a container starts it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const main = join(import.meta.dirname, "..", "src", "main.ts");

test("an agent whose port is taken starts nothing: the other one may own the same processes", async () => {
  const other = createServer();
  await once(other.listen(0, "127.0.0.1"), "listening");
  const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const agent = spawn(process.execPath, [
    "--disable-warning=ExperimentalWarning", main, "--name", "a", "--zone", "az-1", "--kind", "node",
    "--listen", address, "--", process.execPath, "--eval", "setInterval(() => {}, 1000)",
  ], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(agent, "exit");
  const [said, complained, [code]] = await Promise.all([text(agent.stdout), text(agent.stderr), ended]);
  other.close();
  assert.equal(code, 1);
  assert.match(complained, /cannot listen/);
  assert.equal(said, "");
});
