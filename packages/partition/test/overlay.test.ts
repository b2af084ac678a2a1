import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import { Overlay } from "../src/overlay.ts";

const key = utf8("key");

test("the newest decided value is seen, and stays until its own entry is applied", () => {
  const overlay = new Overlay();
  overlay.put(1, [{ key, value: utf8("one") }]);
  overlay.put(2, [{ key, value: utf8("two") }]);
  assert.deepEqual(overlay.get(key), { value: utf8("two"), index: 2 });
  overlay.appliedThrough(1);
  assert.equal(overlay.get(key)?.index, 2);
  overlay.appliedThrough(2);
  assert.equal(overlay.get(key), undefined);
  assert.equal(overlay.size, 0);
});

test("a deletion is known as such, not as nothing known", () => {
  const overlay = new Overlay();
  overlay.put(1, [{ key, value: undefined }]);
  assert.deepEqual(overlay.get(key), { value: undefined, index: 1 });
});

test("what is applied while a read is under way stays until that read has been used", () => {
  const overlay = new Overlay();
  overlay.put(1, [{ key, value: utf8("one") }]);
  overlay.pin();
  overlay.appliedThrough(1);
  assert.equal(overlay.get(key)?.index, 1);
  overlay.unpin();
  assert.equal(overlay.get(key), undefined);
});
