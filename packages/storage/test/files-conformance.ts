// What every implementation of the files door must do, run against a directory and the simulated disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { AppendFile, Files } from "../src/files.ts";

export interface FilesUnderTest {
  readonly files: Files;
  /** The door as the next process sees it. */
  reopen(): Files;
  cleanUp(): void;
}

export function append(file: AppendFile, ...parts: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    file.appendSynced(parts.map(utf8), (error) => (error === undefined ? resolve() : reject(error)));
  });
}

export function describeFiles(name: string, open: () => FilesUnderTest): void {
  const check = (title: string, body: (subject: FilesUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const subject = open();
      try {
        await body(subject);
      } finally {
        subject.cleanUp();
      }
    });
  };

  check("appended parts can be read at any offset, before and after opening again", async (subject) => {
    const file = subject.files.create("a.log", 4096);
    await append(file, "one", "two");
    await append(file, "three");
    assert.equal(file.size, 11);
    assert.equal(fromUtf8(file.read(3, 5)), "twoth");
    assert.equal(fromUtf8(file.read(9, 100)), "ee");
    assert.equal(file.read(11, 5).length, 0);
    file.close();
    const again = subject.reopen().open("a.log");
    assert.equal(again.size, 11);
    await append(again, "!");
    assert.equal(fromUtf8(again.read(0, 100)), "onetwothree!");
    again.close();
  });

  check("an append larger than what is preallocated is whole", async (subject) => {
    const file = subject.files.create("a.log", 10);
    const large = "x".repeat(3_000_000);
    await append(file, large, "end");
    await append(file, "more");
    assert.equal(file.size, 3_000_007);
    assert.equal(fromUtf8(file.read(2_999_999, 8)), "xendmore");
    file.close();
  });

  check("an empty append completes", async (subject) => {
    const file = subject.files.create("a.log", 0);
    await append(file);
    assert.equal(file.size, 0);
    file.close();
  });

  check("the next append may be made from the callback of the one before, and no earlier", async (subject) => {
    const file = subject.files.create("a.log", 0);
    await new Promise<void>((resolve) => {
      file.appendSynced([utf8("1")], () => file.appendSynced([utf8("2")], () => resolve()));
      assert.throws(() => file.appendSynced([utf8("x")], () => undefined), /one append at a time/);
    });
    assert.equal(fromUtf8(file.read(0, 10)), "12");
    file.close();
  });

  check("names are listed in order and disappear when removed", async (subject) => {
    for (const each of ["b", "c", "a"]) subject.files.create(each, 0).close();
    assert.deepEqual(subject.files.list(), ["a", "b", "c"]);
    subject.files.remove("b");
    assert.deepEqual(subject.reopen().list(), ["a", "c"]);
  });

  check("a file is cut to a size", async (subject) => {
    const file = subject.files.create("a", 0);
    await append(file, "abcdef");
    file.close();
    subject.files.truncate("a", 3);
    const again = subject.files.open("a");
    assert.equal(again.size, 3);
    await append(again, "X");
    assert.equal(fromUtf8(again.read(0, 10)), "abcX");
    again.close();
  });

  check("what is written once more is the same", async (subject) => {
    const file = subject.files.create("a", 4096);
    await append(file, "abc");
    await append(file, "def");
    file.close();
    subject.files.rewrite("a", 3);
    subject.files.rewrite("a", 0);
    const again = subject.reopen().open("a");
    assert.equal(again.size, 6);
    assert.equal(fromUtf8(again.read(0, 10)), "abcdef");
    again.close();
  });

  check("a small file is replaced whole", async (subject) => {
    assert.equal(subject.files.readWhole("mark"), undefined);
    subject.files.writeAtomically("mark", utf8("first, longer"));
    subject.files.writeAtomically("mark", utf8("second"));
    assert.equal(fromUtf8(subject.reopen().readWhole("mark") as Uint8Array), "second");
    assert.deepEqual(subject.files.list(), ["mark"]);
  });

  check("creating a file that exists and opening one that does not are refused", async (subject) => {
    subject.files.create("a", 0).close();
    assert.throws(() => subject.files.create("a", 0));
    assert.throws(() => subject.files.open("b"));
    assert.throws(() => subject.files.remove("b"));
  });
}
