import { test } from "node:test";
import assert from "node:assert/strict";
import { ConstraintList } from "@azimuth/model/request-validation.ts";

test("failures are listed in the order in which they were found", () => {
  const constraints = new ConstraintList();
  constraints.required(undefined, "tableName");
  constraints.length("ab", "indexName", 3, 255);
  constraints.pattern("a b", "indexName", "[a-zA-Z0-9_.-]+");
  constraints.oneOf("SOME", "select", ["ALL", "COUNT"]);
  constraints.range(0, "limit", 1);
  constraints.length([], "attributesToGet", 1);
  assert.throws(() => constraints.throwIfAny(), {
    name: "ValidationException",
    message:
      "6 validation errors detected: " +
      "Value null at 'tableName' failed to satisfy constraint: Member must not be null; " +
      "Value 'ab' at 'indexName' failed to satisfy constraint: " +
      "Member must have length greater than or equal to 3; " +
      "Value 'a b' at 'indexName' failed to satisfy constraint: " +
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; " +
      "Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [ALL, COUNT]; " +
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
      "Value '[]' at 'attributesToGet' failed to satisfy constraint: " +
      "Member must have length greater than or equal to 1",
  });
});

test("one failure is an error, none is nothing, and more than ten are cut", () => {
  const constraints = new ConstraintList();
  constraints.throwIfAny();
  constraints.required(null, "key");
  assert.throws(() => constraints.throwIfAny(), /^ValidationException: 1 validation error detected: /);
  for (let at = 0; at < 20; at++) constraints.required(null, `key${at}`);
  assert.throws(() => constraints.throwIfAny(), /10 validation errors detected: /);
});
