// Runs the conformance suite over both files doors, and tests what only one of them has.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import { createRealFiles } from "../src/real-files.ts";
import { createSimulatedDisk, SimulatedKill } from "../src/simulated-files.ts";
import { append, describeFiles } from "./files-conformance.ts";
import { createManualClock } from "./manual-clock.ts";

const ignore = (): void => undefined;
const unexpected = (error: Error): never => {
  throw error;
};

describeFiles("files in a directory", () => {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-files-"));
  const open = () => createRealFiles({ directory, onFatal: ignore });
  return { files: open(), reopen: open, cleanUp: () => rmSync(directory, { recursive: true }) };
});

describeFiles("files on a simulated disk", () => {
  const disk = createSimulatedDisk({ clock: createRealClock() });
  return { files: disk.open(unexpected), reopen: () => disk.open(unexpected), cleanUp: ignore };
});

test("what a crash left of an atomic write is neither listed nor kept", () => {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-files-"));
  writeFileSync(join(directory, "mark.temporary"), "half");
  assert.deepEqual(createRealFiles({ directory, onFatal: unexpected }).list(), []);
  rmSync(directory, { recursive: true });
});

test("a failing operation on a real file is reported once and thrown", async () => {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-files-"));
  const errors: string[] = [];
  const files = createRealFiles({ directory, onFatal: (error) => errors.push(error.message) });
  assert.throws(() => files.open("missing"), /ENOENT/);
  assert.equal(errors.length, 1);
  rmSync(directory, { recursive: true });
});

test("an append to a real file that fails tells its callback", { skip: !existsSync("/dev/full") }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-files-"));
  symlinkSync("/dev/full", join(directory, "full"));
  const file = createRealFiles({ directory, onFatal: unexpected }).open("full");
  await assert.rejects(append(file, "no room"), /ENOSPC/);
  rmSync(directory, { recursive: true });
});

test("a crash keeps what was synced and leaves anything of what was under way", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const clock = createManualClock();
    const disk = createSimulatedDisk({ clock });
    const file = disk.open(unexpected).create("a", 4096);
    file.appendSynced([utf8("synced")], ignore);
    clock.runAll();
    file.appendSynced([utf8("pending")], () => assert.fail("the dead process was called"));
    disk.crash(createSeededRandom(seed));
    clock.runAll();
    const content = Buffer.from(disk.content("a") as Uint8Array).toString("latin1");
    assert.ok(content.startsWith("synced"));
    const rest = content.slice(6).replace(/\0+$/, "");
    seen.add(rest === "pending" ? "whole" : rest === "" ? "nothing" : "pending".startsWith(rest) ? "prefix" : "garbage");
    assert.throws(() => file.appendSynced([], ignore), SimulatedKill);
  }
  assert.deepEqual([...seen].toSorted(), ["garbage", "nothing", "prefix", "whole"]);
});

test("a simulated disk stalls, fails its next sync and fills up", () => {
  const clock = createManualClock();
  const errors: string[] = [];
  const disk = createSimulatedDisk({ clock, latencyMs: () => 3 });
  const files = disk.open((error) => errors.push(error.message));
  const file = files.create("a", 0);
  const doneAt: number[] = [];
  file.appendSynced([utf8("1")], () => doneAt.push(clock.now()));
  clock.runAll();
  disk.stallUntil(100);
  file.appendSynced([utf8("2")], () => doneAt.push(clock.now()));
  clock.runAll();
  assert.deepEqual(doneAt, [3, 100]);
  disk.failNextSync("EIO");
  const told: (string | undefined)[] = [];
  file.appendSynced([utf8("3")], (error) => told.push(error?.message));
  clock.runAll();
  disk.setFull(true);
  assert.throws(() => files.create("b", 0), /ENOSPC/);
  file.appendSynced([utf8("4")], (error) => told.push(error?.message));
  clock.runAll();
  disk.setFull(false);
  file.appendSynced([utf8("5")], (error) => told.push(error?.message));
  clock.runAll();
  assert.deepEqual(told.map((message) => message?.split(":")[0]), ["EIO", "ENOSPC", undefined]);
  assert.deepEqual(errors.map((message) => message.split(":")[0]), ["ENOSPC"]);
  assert.equal(fromUtf8(disk.content("a") as Uint8Array), "125");
});

test("rot changes a stored byte, and a kill stops the process at the given step", async () => {
  const disk = createSimulatedDisk({ clock: createRealClock() });
  const files = disk.open(unexpected);
  const file = files.create("a", 0);
  await append(file, "abc");
  disk.flipByte("a", 1, 0x20);
  assert.equal(fromUtf8(file.read(0, 3)), "aBc");
  disk.killAfter(1);
  files.create("b", 0);
  assert.throws(() => files.create("c", 0), SimulatedKill);
});
