// Forced rare paths: never in production, at the cost of a comparison, and in a run as its seed says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buggify, setBuggifyDecider } from "@azimuth/foundation/buggify.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { buggifySites, createMischief } from "@azimuth/simulation/mischief.ts";
import { sourceFiles } from "../../scripts/source-files.ts";

const product = sourceFiles().filter(({ path }) =>
  /^(packages|services)\/.*\/src\/.*\.ts$/.test(path) && path !== "packages/foundation/src/buggify.ts");

test("nobody but the simulator can make a site fire, and without it none does", () => {
  const deciders = product.filter(({ text }) => text.includes("setBuggifyDecider(")).map(({ path }) => path);
  assert.deepEqual(deciders, ["packages/simulation/src/run-simulation.ts"]);
  for (const site of buggifySites) assert.equal(buggify(site), false, site);
});

test("a site is a constant sentence, so that it costs one comparison, and each is used once and listed", () => {
  const calls = product.flatMap(({ path, text }) =>
    [...text.matchAll(/\bbuggify\(([^)]*)\)/g)].map(([, argument]) => ({ path, argument: argument as string })));
  for (const { path, argument } of calls) assert.match(argument, /^"[a-z -]+"$/, `${path} computes a site's name`);
  const used = calls.map(({ argument }) => argument.slice(1, -1)).toSorted();
  assert.deepEqual(used, buggifySites.toSorted());
});

test("a seed decides which sites are active and when they fire, each by a stream of its own", () => {
  const [first, other] = buggifySites as [string, string];
  const alone = createMischief(createSeededRandom(1), 1);
  const mixed = createMischief(createSeededRandom(1), 1);
  const one = Array.from({ length: 1000 }, () => alone(first));
  const both = Array.from({ length: 1000 }, () => {
    mixed(other);
    return mixed(first);
  });
  assert.deepEqual(one, both);
  assert.ok(one.includes(true) && one.includes(false));
});

test("a site that is not active never fires, and one that nobody listed is refused", () => {
  const calm = createMischief(createSeededRandom(1), 0);
  for (const site of buggifySites) for (let each = 0; each < 1000; each++) assert.equal(calm(site), false);
  assert.throws(() => calm("a site that nobody listed"), /not in the list of sites/);
});

test("what is decided reaches the sites until it is taken back", () => {
  setBuggifyDecider((site) => site === "one");
  try {
    assert.deepEqual([buggify("one"), buggify("another")], [true, false]);
  } finally {
    setBuggifyDecider(undefined);
  }
  assert.equal(buggify("one"), false);
});
