// dynamodb-onetable: accounts and users in one table, which the library makes and deletes by itself.
import { describe, test, before } from "node:test";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Table as OneTableOf } from "dynamodb-onetable";
import { dynamoClient, eventually } from "../shared-cluster.ts";

type OneTable = OneTableOf<never>;

// The package's own ES module cannot be imported by Node without a bundler in every version: its CommonJS can.
const { Table } = createRequire(import.meta.url)("dynamodb-onetable") as { readonly Table: typeof OneTableOf };

const schema = {
  format: "onetable:1.1.0",
  version: "0.0.1",
  indexes: { primary: { hash: "pk", sort: "sk" }, gs1: { hash: "gs1pk", sort: "gs1sk", follow: false } },
  models: {
    Account: {
      pk: { type: String, value: "account#${id}" }, sk: { type: String, value: "account#" },
      id: { type: String, required: true }, title: { type: String, required: true }, balance: { type: Number, default: 0 },
    },
    User: {
      pk: { type: String, value: "account#${account}" }, sk: { type: String, value: "user#${email}" },
      account: { type: String, required: true }, email: { type: String, required: true, unique: true },
      role: { type: String, enum: ["user", "admin"], default: "user" }, tags: { type: Set }, since: { type: Date },
      gs1pk: { type: String, value: "role#${role}" }, gs1sk: { type: String, value: "user#${email}" },
    },
  },
  params: { isoDates: true, timestamps: true, warn: false },
} as const;

type Record_ = { readonly [member: string]: unknown };
interface Model {
  create(properties: object, parameters?: object): Promise<Record_>;
  get(properties: object, parameters?: object): Promise<Record_ | undefined>;
  find(properties: object, parameters?: object): Promise<Record_[] & { readonly next?: object }>;
  update(properties: object, parameters?: object): Promise<Record_>;
  remove(properties: object, parameters?: object): Promise<unknown>;
}

describe("dynamodb-onetable", () => {
  let table: OneTable;
  const model = (name: string): Model => table.getModel(name as never) as unknown as Model;

  before(async () => {
    table = new Table<never>({
      name: "onetable", client: dynamoClient() as never, schema: schema as never, partial: false, logger: () => {},
    });
    await table.createTable({ wait: 30 } as never);
    assert.equal(await table.exists(), true);
  });

  test("creates once, gets, updates and removes", async () => {
    const account = model("Account");
    await account.create({ id: "1", title: "Acme" });
    await assert.rejects(account.create({ id: "1", title: "Acme" }), /exists/);
    assert.equal((await account.get({ id: "1" }, { consistent: true }))?.["title"], "Acme");
    const updated = await account.update({ id: "1", title: "Acme 2" }, { add: { balance: 5 } });
    assert.deepEqual([updated["title"], updated["balance"]], ["Acme 2", 5]);
    await account.remove({ id: "1" });
    assert.equal(await account.get({ id: "1" }, { consistent: true }), undefined);
  });

  test("keeps e-mail addresses unique, by transactions of its own", async () => {
    const user = model("User");
    const ann = { account: "2", email: "ann@example.com", tags: new Set(["a"]), since: new Date(0) };
    await user.create(ann);
    await assert.rejects(user.create({ ...ann, account: "3" }), /unique/i);
    const read = await user.get({ account: "2", email: "ann@example.com" }, { consistent: true });
    assert.deepEqual([read?.["tags"], read?.["since"], read?.["role"]], [new Set(["a"]), new Date(0), "user"]);
    await user.remove({ account: "2", email: "ann@example.com" });
    await user.create({ ...ann, account: "3" });
  });

  test("finds by range, by filter, page by page, and by an index", async () => {
    const user = model("User");
    for (let place = 0; place < 12; place++) {
      await user.create({ account: "4", email: `u${10 + place}@example.com`, role: place % 4 === 0 ? "admin" : "user" });
    }
    const begun = await user.find({ account: "4", sk: { begins: "user#u1" } }, { consistent: true });
    assert.equal(begun.length, 10);
    const admins = await user.find({ account: "4" }, { consistent: true, where: "${role} = {admin}" });
    assert.equal(admins.length, 3);
    const seen: unknown[] = [];
    let next: object | undefined;
    do {
      const page = await user.find({ account: "4" }, { limit: 5, consistent: true, ...(next && { next }) });
      seen.push(...page.map((each) => each["email"]));
      next = page.next;
    } while (next !== undefined);
    assert.equal(new Set(seen).size, 12);
    await eventually(async () => assert.equal((await user.find({ role: "admin" }, { index: "gs1" })).length, 3));
  });

  test("transacts", async () => {
    const transaction = {};
    await model("Account").create({ id: "5", title: "A" }, { transaction });
    await model("Account").create({ id: "6", title: "B" }, { transaction });
    await table.transact("write", transaction as never);
    assert.equal((await model("Account").get({ id: "6" }, { consistent: true }))?.["title"], "B");
  });

  test("deletes its table", async () => {
    await table.deleteTable("DeleteTableForever");
    await eventually(async () => assert.equal(await table.exists(), false));
  });
});
