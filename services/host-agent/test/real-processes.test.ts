// Real child processes. A child reports by an HTTP request to the test, so nothing has to be waited for by time.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { startHttpServer } from "../src/http-server.ts";
import { createRealProcesses } from "../src/real-processes.ts";
import { createSupervisor } from "../src/supervisor.ts";

const unexpected = (error: unknown): never => assert.fail(String(error));

const program = `
  const tell = (word) => fetch(process.argv[1] + word).then((reply) => reply.text());
  process.on("SIGTERM", () => tell("/terminated").then(() => process.exit(0)));
  console.log("hello from " + process.pid);
  tell("/ready/" + process.pid);
  setInterval(() => undefined, 1000);
`;

async function setUp(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-agent-"));
  writeFileSync(join(directory, "file"), "no directory");
  const heard: string[] = [];
  const listeners: { prefix: string; resolve: (path: string) => void }[] = [];
  const server = await startHttpServer({
    listen: "127.0.0.1:0", failed: unexpected,
    handler: async ({ path }) => {
      heard.push(path);
      for (const listener of listeners) if (path.startsWith(listener.prefix)) listener.resolve(path);
      return { status: 200, body: "ok" };
    },
  });
  const logFile = join(directory, "logs", "child.log");
  const pidFile = join(directory, "pids", "child.pid");
  const supervisor = createSupervisor(
    { clock: createRealClock(), log: silentLogger, processes: createRealProcesses() },
    {
      specs: [
        { name: "child", zone: "az-1", kind: "dummy", command: process.execPath,
          arguments: ["-e", program, `http://${server.address}`], logFile, pidFile },
        { name: "unlogged", zone: null, kind: "dummy", command: process.execPath, arguments: ["-e", ""],
          logFile: join(directory, "file", "child.log") },
        { name: "unfindable", zone: null, kind: "dummy", command: process.execPath,
          arguments: ["-e", "setInterval(() => undefined, 1000)"], pidFile: join(directory, "file", "child.pid") },
        { name: "missing", zone: null, kind: "dummy", command: join(directory, "no-such-program"), arguments: [] },
      ],
      stopLimitMs: 20_000, restartDelayMs: 1,
    },
  );
  context.after(async () => {
    await supervisor.kill("child");
    await server.close();
    rmSync(directory, { recursive: true });
  });
  const next = (prefix: string) => new Promise<string>((resolve) => listeners.push({ prefix, resolve }));
  const child = () => supervisor.list()[0];
  return { supervisor, next, child, logFile, pidFile, heard };
}

/** The process state letter of Linux: T is stopped by a signal. */
function stateLetter(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] ?? "";
}

/** Signals take effect a moment after they were sent. Ends by the test's own limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a real process is started, paused, resumed, killed and restarted by its pid", { timeout: 30_000 }, async (context) => {
  const { supervisor, next, child, logFile, pidFile } = await setUp(context);
  let ready = next("/ready/");
  await supervisor.start("child");
  const first = Number((await ready).split("/")[2]);
  assert.equal(child()?.pid, first);
  assert.equal(readFileSync(pidFile, "utf8"), `${first}\n`);
  if (process.platform === "linux") {
    await supervisor.pause("child");
    await until(() => stateLetter(first) === "T");
    await supervisor.resume("child");
    await until(() => stateLetter(first) !== "T");
  }
  await supervisor.kill("child");
  assert.ok(!isAlive(first), "the process is gone and reaped when kill returns");
  assert.ok(!existsSync(pidFile));
  ready = next("/ready/");
  await supervisor.restart("child");
  const second = Number((await ready).split("/")[2]);
  assert.equal(readFileSync(logFile, "utf8"), `hello from ${first}\nhello from ${second}\n`);
});

test("stop lets a process finish what it does on SIGTERM", async (context) => {
  const { supervisor, next, child, heard } = await setUp(context);
  const ready = next("/ready/");
  await supervisor.start("child");
  await ready;
  await supervisor.stop("child");
  assert.equal(child()?.state, "stopped");
  assert.equal(child()?.lastExit, "code 0");
  assert.ok(heard.includes("/terminated"));
});

test("a program that does not exist is reported as exited with the reason", async (context) => {
  const { supervisor } = await setUp(context);
  await supervisor.start("missing");
  await supervisor.stop("missing");
  const report = supervisor.list().find(({ name }) => name === "missing");
  assert.match(report?.lastExit ?? "", /ENOENT/);
  assert.equal(report?.pid, null);
});

test("a process whose files cannot be written is reported as exited with the reason, and does not run", async (context) => {
  const { supervisor } = await setUp(context);
  for (const file of ["unlogged", "unfindable"]) {
    await supervisor.start(file);
    const report = () => supervisor.list().find(({ name }) => name === file);
    const pid = report()?.pid ?? undefined;
    await until(() => report()?.state === "exited");
    assert.match(report()?.lastExit ?? "", /ENOTDIR|EEXIST/);
    assert.equal(report()?.pid, null);
    if (pid !== undefined) assert.ok(!isAlive(pid));
  }
});
