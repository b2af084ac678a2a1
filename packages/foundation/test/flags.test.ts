import assert from "node:assert/strict";
import { test } from "node:test";
import { FlagError, oneOf, parseFlags, parseWords, wholeNumber } from "../src/flags.ts";

const sentence = (text: string) => (error: unknown): boolean => {
  assert.ok(error instanceof FlagError);
  assert.equal(error.message, text);
  return true;
};

test("words that mean nothing are refused in one sentence", () => {
  const options = { seed: { type: "string" }, list: { type: "boolean", default: false } } as const;
  assert.deepEqual({ ...parseWords(options, ["--seed", "7"]) }, { seed: "7", list: false });
  assert.throws(() => parseWords(options, ["--sed", "7"]), sentence("Unknown option '--sed'"));
  assert.throws(() => parseWords(options, ["--seed"]), sentence("Option '--seed <value>' argument missing"));
  assert.throws(() => parseWords(options, ["--seed", "--list"]), sentence("Option '--seed' argument is ambiguous."));
  const stray = "Unexpected argument 'x'. This command does not take positional arguments";
  assert.throws(() => parseWords(options, ["x"]), sentence(stray));
});

test("a number is plain digits within its limits", () => {
  assert.equal(wholeNumber("jobs", "4", 1, 8), 4);
  for (const text of ["", "x", "5s", "-3", "1.5", "1e3", "0", "9", " 4", "NaN"]) {
    assert.throws(() => wholeNumber("jobs", text, 1, 8), sentence(`--jobs is a whole number from 1 to 8, not "${text}"`));
  }
});

test("a name is one of those that there are, not one that every object has", () => {
  assert.equal(oneOf("by", "seeds", ["tests", "seeds"]), "seeds");
  const there = '--by: there is no "toString"; there are tests, seeds';
  assert.throws(() => oneOf("by", "toString", ["tests", "seeds"]), sentence(there));
});

test("the flags of services come from the words, else from the environment, else from their default", () => {
  const specification = {
    name: { kind: "text", required: true }, level: { kind: "text", default: "info" }, loud: { kind: "boolean" },
  } as const;
  assert.deepEqual(parseFlags(specification, ["--name", "a", "--loud"], {}), { name: "a", level: "info", loud: true });
  const environment = { AZIMUTH_NAME: "b", AZIMUTH_LEVEL: "warn" };
  assert.deepEqual(parseFlags(specification, [], environment), { name: "b", level: "warn", loud: false });
  assert.throws(() => parseFlags(specification, [], {}), sentence("--name (or AZIMUTH_NAME) is missing"));
  assert.throws(() => parseFlags(specification, ["--other"], {}), sentence("Unknown option '--other'"));
});
