// Every transcript in scenarios/ must give exactly the output it shows. To bless changed output, then review
// the diff:
//   node packages/raft/test/scenarios.test.ts --rewrite
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { runTranscript } from "./transcript.ts";

const folder = new URL("./scenarios/", import.meta.url);
const rewrite = process.argv.includes("--rewrite");

for (const name of readdirSync(folder).filter((file) => file.endsWith(".txt")).sort()) {
  test(`scenario: ${name.replace(".txt", "").replaceAll("-", " ")}`, () => {
    const file = new URL(name, folder);
    const expected = readFileSync(file, "utf8");
    const actual = runTranscript(expected);
    if (rewrite) writeFileSync(file, actual);
    else assert.equal(actual, expected);
  });
}
