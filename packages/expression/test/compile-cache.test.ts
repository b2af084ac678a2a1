// The bounded cache: it compiles a text once, stays within its bound, and keeps what is used.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CompileCache } from "@azimuth/expression/compile-cache.ts";

test("a text in use is compiled once while others come and go", () => {
  const compiled: string[] = [];
  const cache = new CompileCache(8, (text: string) => {
    compiled.push(text);
    return { text };
  });
  const first = cache.get("hot");
  for (let round = 0; round < 100; round++) {
    cache.get(`cold ${round}`);
    assert.equal(cache.get("hot"), first);
    assert.ok(cache.size <= 8, `${cache.size} entries after round ${round}`);
  }
  assert.equal(compiled.filter((text) => text === "hot").length, 1);
});

test("a text that fails is not kept", () => {
  let attempts = 0;
  const cache = new CompileCache(4, () => {
    attempts++;
    throw new Error("no");
  });
  assert.throws(() => cache.get("bad"));
  assert.throws(() => cache.get("bad"));
  assert.equal(attempts, 2);
  assert.equal(cache.size, 0);
});
