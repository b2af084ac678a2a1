import assert from "node:assert/strict";
import { test } from "node:test";
import { findBreaches } from "../check-floors.ts";
import { findStaleMutations, mutate } from "../mutation-judges.ts";
import { mutations } from "../mutations.ts";
import { sourceFiles } from "../source-files.ts";
import { findUntidy } from "../tidy.ts";

const breaches = (path: string, text: string) => findBreaches([{ path, text }]).map(({ sentence }) => sentence);
const untidy = (path: string, text: string) =>
  findUntidy([{ path, text }, { path: "docs/there.md", text: "# There\n" }]).map(({ sentence }) => sentence);

test("a package may import lower floors and nothing beside or above it", () => {
  const raft = "packages/raft/src/core.ts";
  assert.deepEqual(breaches(raft, 'import { assert } from "@azimuth/foundation/assert.ts";\n'), []);
  assert.match(breaches(raft, 'import { x } from "@azimuth/model/table.ts";\n').join(), /floor 1 imports model of floor 1/);
  assert.match(breaches(raft, 'import type { x } from "@azimuth/replication/host-api.ts";\n').join(), /floor 3/);
  assert.match(breaches(raft, 'const x = await import("@azimuth/rpc/transport.ts");\n').join(), /floor 2/);
  assert.match(breaches(raft, 'import {\n  a,\n  b,\n} from "@azimuth/rpc/transport.ts";\n').join(), /floor 2/);
});

test("a breach is reported with the line of the import", () => {
  const text = '// what\n\nimport { x } from "@azimuth/rpc/transport.ts";\n';
  assert.equal(findBreaches([{ path: "packages/raft/src/core.ts", text }])[0]?.line, 3);
});

test("nobody imports the simulation but tests and scripts", () => {
  const text = 'import { world } from "@azimuth/simulation/world.ts";\n';
  assert.match(breaches("packages/cli/src/main.ts", text).join(), /simulation/);
  assert.deepEqual(breaches("packages/raft/test/core.test.ts", text), []);
  assert.deepEqual(breaches("scripts/sim.ts", text), []);
});

test("barrel files, whole packages, unknown packages and ways round by a relative path are refused", () => {
  const rpc = "packages/rpc/src/all.ts";
  assert.match(breaches(rpc, 'export * from "./transport.ts";\n').join(), /barrel/);
  assert.match(breaches("packages/rpc/src/index.ts", "export const one = 1;\n").join(), /barrel/);
  assert.match(breaches(rpc, 'import { a } from "@azimuth/model";\n').join(), /name the file/);
  assert.match(breaches(rpc, 'import { a } from "@azimuth/nothing/a.ts";\n').join(), /no floor/);
  assert.match(breaches(rpc, 'import { a } from "../../raft/src/core.ts";\n').join(), /reaches out/);
  assert.match(breaches("packages/newcomer/src/a.ts", 'import "./b.ts";\n').join(), /no floor/);
});

test("long lines, leftovers and files without an opening comment are found", () => {
  const path = "packages/raft/src/core.ts";
  const word = ["TO", "DO"].join("");
  assert.deepEqual(untidy(path, "// what it is\nlet a = 1;\n"), []);
  assert.match(untidy(path, "let a = 1;\n").join(), /opening|open with a comment/);
  assert.match(untidy(path, `// ${"word ".repeat(30)}end\n`).join(), /columns/);
  assert.match(untidy(path, `// what\n// ${word}: mend\n`).join(), /leftover/);
  assert.match(untidy(path, "// what\nlet a = 1; \n").join(), /white space/);
  assert.match(untidy(path, `// what\n${"\n".repeat(900)}`).join(), /lines/);
  assert.match(untidy(path, "// what\nexport function lonely() {}\n").join(), /lonely, which nobody uses/);
});

test("a document has one title and links that lead somewhere; code in it is left alone", () => {
  assert.deepEqual(untidy("README.md", "# One\n\n[there](docs/there.md) [web](https://example.com)\n\n```\n# two\n```\n"), []);
  assert.match(untidy("README.md", "## None\n").join(), /0 titles/);
  assert.match(untidy("README.md", "# One\n\n[gone](docs/gone.md)\n").join(), /not there/);
});

test("a mutation whose text the code has overtaken is found, and so is one that does not parse", () => {
  const mutation = { name: "one", file: "a.ts", from: "a + b", to: "a - b" };
  assert.deepEqual(mutate("const c = a + b;\n", mutation), { text: "const c = a - b;\n" });
  assert.deepEqual(mutate("a - b", mutation), { problem: "its text is 0 times in a.ts, not once" });
  assert.deepEqual(mutate("a + b * (a + b)", mutation), { problem: "its text is 2 times in a.ts, not once" });
  assert.match(JSON.stringify(mutate("const c = a + b;\n", { ...mutation, to: "(a" })), /does not parse/);
  assert.equal(findStaleMutations([]).length, mutations.length);
  assert.deepEqual(findStaleMutations(sourceFiles()), []);
});
