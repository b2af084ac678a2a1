// How soon the death of another process is noticed: killed, at once and before any ping could tell; frozen or cut
// off, by unanswered pings.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createGrpcTransport } from "@azimuth/rpc/grpc-transport.ts";
import { request } from "./sample-messages.ts";
import { TestProcess } from "./transport-conformance.ts";

const clock = createRealClock();
const echoProgram = fileURLToPath(new URL("echo-process.ts", import.meta.url));

async function withEcho(body: (local: TestProcess, echo: ChildProcess) => Promise<void>): Promise<void> {
  const echo = spawn(process.execPath, [echoProgram], { stdio: ["ignore", "pipe", "inherit"] });
  const local = new TestProcess(
    createGrpcTransport({ self: "local", clusterId: "test", listen: undefined, clock, log: silentLogger }),
  );
  try {
    const [port] = (await once(echo.stdout, "data")) as [Buffer];
    local.transport.setRoute("echo", `127.0.0.1:${port.toString().trim()}`);
    local.transport.send("echo", request(1));
    await local.until(() => local.received.length === 1);
    await body(local, echo);
  } finally {
    echo.kill("SIGKILL");
    await new Promise<void>((resolve) => local.transport.close(resolve));
  }
}

test("a killed process is noticed at once", { timeout: 20_000 }, async () => {
  await withEcho(async (local, echo) => {
    const killed = clock.now();
    echo.kill("SIGKILL");
    await local.untilEvent("down echo");
    const noticed = clock.now() - killed;
    assert.ok(noticed < 900, `noticed after ${noticed} ms`);
  });
});

test("a frozen process is noticed by its silence", { timeout: 20_000 }, async () => {
  await withEcho(async (local, echo) => {
    echo.kill("SIGSTOP");
    await local.untilEvent("down echo");
    assert.deepEqual(local.events, ["up echo", "down echo"]);
  });
});
