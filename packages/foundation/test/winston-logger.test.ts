import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { createWinstonLogger, type LogLevel } from "@azimuth/foundation/winston-logger.ts";

async function linesOf(level: LogLevel, write: (log: ReturnType<typeof createWinstonLogger>) => void, file?: string) {
  const stream = new PassThrough();
  const fields = { process: "node-1" };
  const log = createWinstonLogger({ level, fields, stream, ...(file === undefined ? {} : { file }) });
  write(log);
  await new Promise<void>((resolve) => log.close(resolve));
  const text = String(stream.read() ?? "");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line is one JSON object with a time, a level, the message and all fields", async () => {
  const [line, ...rest] = await linesOf("info", (log) => {
    log.child({ group: 7 }).info("a leader was elected", { term: 3, lost: undefined });
  });
  assert.deepEqual(rest, []);
  const { timestamp, ...others } = line as Record<string, unknown>;
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(others, { level: "info", message: "a leader was elected", process: "node-1", group: 7, term: 3 });
});

test("a line break in a message does not break the line", async () => {
  const lines = await linesOf("info", (log) => log.warn("first\nsecond"));
  assert.deepEqual(lines.map(({ message }) => message), ["first\nsecond"]);
});

test("lines below the level are dropped", async () => {
  const lines = await linesOf("warn", (log) => {
    log.debug("1");
    log.info("2");
    log.warn("3");
    log.error("4");
  });
  assert.deepEqual(lines.map(({ level }) => level), ["warn", "error"]);
});

test("a file gets the same lines", async () => {
  const folder = mkdtempSync(join(tmpdir(), "azimuth-log-"));
  try {
    const file = join(folder, "log.jsonl");
    const lines = await linesOf("info", (log) => log.info("both"), file);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), lines[0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
