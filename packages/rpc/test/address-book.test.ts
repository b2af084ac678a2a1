import assert from "node:assert/strict";
import { test } from "node:test";
import { createAddressBook } from "@azimuth/rpc/address-book.ts";

function createWorld() {
  const asked: { host: string; answer: (address: string | undefined) => void }[] = [];
  const book = createAddressBook((host, answer) => void asked.push({ host, answer }));
  const found: (string | undefined)[][] = [];
  const find = (host: string): void => book.find(host, (address) => found.push([host, address]));
  const hosts = (): string[] => asked.map(({ host }) => host);
  const answer = (address: string | undefined): void => asked.at(-1)?.answer(address);
  return { find, found, hosts, answer };
}

test("an address is its own answer and is never looked up", () => {
  const { find, found, hosts } = createWorld();
  find("127.0.0.1");
  find("::1");
  assert.deepEqual(found, [["127.0.0.1", "127.0.0.1"], ["::1", "::1"]]);
  assert.deepEqual(hosts(), []);
});

test("one lookup is under way at a time, and one answers all who ask for the name meanwhile", () => {
  const { find, found, hosts, answer } = createWorld();
  find("node-1");
  find("node-2");
  find("node-1");
  assert.deepEqual(hosts(), ["node-1"]);
  answer("10.0.0.1");
  assert.deepEqual(found, [["node-1", "10.0.0.1"], ["node-1", "10.0.0.1"]]);
  assert.deepEqual(hosts(), ["node-1", "node-2"]);
  answer(undefined);
  assert.deepEqual(found.at(-1), ["node-2", undefined]);
  assert.equal(hosts().length, 2);
});

test("a known name is answered at once, also while lookups hang, and follows a host that moves", () => {
  const { find, found, hosts, answer } = createWorld();
  find("node-1");
  answer("10.0.0.1");
  find("gone");
  find("node-1");
  find("node-1");
  assert.deepEqual(found.slice(1), [["node-1", "10.0.0.1"], ["node-1", "10.0.0.1"]]);
  answer(undefined);
  assert.deepEqual(hosts(), ["node-1", "gone", "node-1"]);
  answer("10.0.0.9");
  find("node-1");
  assert.deepEqual(found.at(-1), ["node-1", "10.0.0.9"]);
});

test("a lookup that fails leaves the address that was known, and a name never found is tried again", () => {
  const { find, found, hosts, answer } = createWorld();
  find("node-1");
  answer(undefined);
  find("node-1");
  assert.equal(hosts().length, 2);
  answer("10.0.0.1");
  find("node-1");
  answer(undefined);
  find("node-1");
  assert.deepEqual(found.map(([, address]) => address), [undefined, "10.0.0.1", "10.0.0.1", "10.0.0.1"]);
});

test("the system's own lookup finds this machine", async () => {
  const address = await new Promise((resolve) => createAddressBook().find("localhost", resolve));
  assert.ok(address === "127.0.0.1" || address === "::1", String(address));
});
