import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommandLine } from "../src/command-line.ts";

const parse = (line: string) => parseCommandLine(line.split(" ").filter((word) => word !== ""));
const nowhere = { console: undefined, data: undefined };

test("each command is read with its targets", () => {
  for (const action of ["kill", "restart", "pause", "resume", "start", "stop"]) {
    assert.deepEqual(parse(`${action} az-1 node-2`), { kind: "act", action, targets: ["az-1", "node-2"], where: nowhere });
  }
  assert.deepEqual(parse("status --json"), { kind: "status", json: true, where: nowhere });
  assert.deepEqual(parse("--help"), { kind: "help" });
});

test("a split has one partition, and a token by its first digits", () => {
  assert.deepEqual(parse("split 7"), { kind: "split", partition: 7, at: undefined, where: nowhere });
  assert.deepEqual(parse("split 7 --at A1"), { kind: "split", partition: 7, at: "a1".padEnd(16, "0"), where: nowhere });
});

test("a console's URL may end in a slash", () => {
  const where = { console: "http://127.0.0.1:8080", data: undefined };
  assert.deepEqual(parse("kill az-1 --console http://127.0.0.1:8080/"), { kind: "act", action: "kill", targets: ["az-1"], where });
});

test("every mistake is answered with one sentence", () => {
  for (const line of [
    "", "explode az-1", "kill", "status az-1", "kill --force az-1", "status --console 8080", "status --console",
    "status --console http://a:1 --data x", "split", "split music", "split 1 2", "split -1", "split 1 --at x",
    "kill az-1 --at 8",
  ]) {
    const command = parse(line);
    assert.equal(command.kind, "mistake", line);
    assert.match(command.kind === "mistake" ? command.message : "", /^[^\n]+\.$/, line);
  }
});
