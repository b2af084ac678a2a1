// electrodb: employees of offices in one table, with a collection and composite keys it makes itself.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { CreateTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { createConversions, Entity, Service } from "electrodb";
import { documentClient, dynamoClient, eventually } from "../shared-cluster.ts";

const table = "electro";

function entities() {
  const client = documentClient();
  const employee = new Entity({
    model: { entity: "employee", version: "1", service: "company" },
    attributes: {
      employee: { type: "string", required: true },
      office: { type: "string", required: true },
      team: { type: "string", required: true },
      salary: { type: "number", default: 0 },
      skills: { type: "set", items: "string" },
      history: { type: "list", items: { type: "map", properties: { what: { type: "string" } } } },
    },
    indexes: {
      primary: { pk: { field: "pk", composite: ["employee"] }, sk: { field: "sk", composite: [] } },
      byOffice: {
        index: "gsi1", collection: "workplaces",
        pk: { field: "gsi1pk", composite: ["office"] }, sk: { field: "gsi1sk", composite: ["team", "employee"] },
      },
    },
  } as const, { client, table });
  const office = new Entity({
    model: { entity: "office", version: "1", service: "company" },
    attributes: { office: { type: "string", required: true }, city: { type: "string" } },
    indexes: {
      primary: { pk: { field: "pk", composite: ["office"] }, sk: { field: "sk", composite: [] } },
      members: {
        index: "gsi1", collection: "workplaces",
        pk: { field: "gsi1pk", composite: ["office"] }, sk: { field: "gsi1sk", composite: [] },
      },
    },
  } as const, { client, table });
  return { employee, office, company: new Service({ employee, office }) };
}

describe("electrodb", () => {
  before(async () => {
    const client = dynamoClient();
    await client.send(new CreateTableCommand({
      TableName: table, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      GlobalSecondaryIndexes: [{
        IndexName: "gsi1", Projection: { ProjectionType: "ALL" },
        KeySchema: [{ AttributeName: "gsi1pk", KeyType: "HASH" }, { AttributeName: "gsi1sk", KeyType: "RANGE" }],
      }],
    }));
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: table });
  });

  test("creates once, reads, patches and removes", async () => {
    const { employee } = entities();
    const ann = { employee: "ann", office: "krakow", team: "core", salary: 5, skills: ["go"] };
    await employee.create(ann).go();
    await assert.rejects(employee.create(ann).go(), /conditional request failed/i);
    assert.deepEqual((await employee.get({ employee: "ann" }).go({ consistent: true })).data, ann);
    await employee.patch({ employee: "ann" }).set({ team: "edge" }).add({ salary: 2, skills: ["ts"] })
      .append({ history: [{ what: "moved" }] }).composite({ office: "krakow" }).go();
    const { data } = await employee.get({ employee: "ann" }).go({ consistent: true });
    assert.deepEqual(data, { ...ann, team: "edge", salary: 7, skills: ["go", "ts"], history: [{ what: "moved" }] });
    await assert.rejects(employee.patch({ employee: "nobody" }).set({ salary: 1 }).go(), /conditional request failed/i);
    await employee.remove({ employee: "ann" }).go();
    assert.equal((await employee.get({ employee: "ann" }).go({ consistent: true })).data, null);
  });

  test("queries an index by part of its key, filters, and pages by cursor", async () => {
    const { employee } = entities();
    const people = Array.from({ length: 30 }, (_, place) => ({
      employee: `e${10 + place}`, office: "lodz", team: place % 2 === 0 ? "even" : "odd", salary: place,
    }));
    await employee.put(people).go();
    await eventually(async () => {
      const { data } = await employee.query.byOffice({ office: "lodz", team: "even" })
        .where(({ salary }, { gte }) => gte(salary, 10)).go({ pages: "all" });
      assert.deepEqual(data.map(({ salary }) => salary), [10, 12, 14, 16, 18, 20, 22, 24, 26, 28]);
    });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { data: { employee: string }[]; cursor: string | null } =
        await employee.query.byOffice({ office: "lodz" }).go({ limit: 7, cursor });
      seen.push(...page.data.map((each) => each.employee));
      cursor = page.cursor;
    } while (cursor !== null);
    assert.equal(new Set(seen).size, 30);
    const gotten = await employee.get(people.map((each) => ({ employee: each.employee }))).go({ consistent: true });
    assert.equal(gotten.data.length, 30);
    assert.ok(createConversions(employee).fromKeys !== undefined);
  });

  test("finds an office and its people as one collection", async () => {
    const { employee, office, company } = entities();
    await office.create({ office: "gdansk", city: "Gdańsk" }).go();
    await employee.create({ employee: "ewa", office: "gdansk", team: "sea" }).go();
    await eventually(async () => {
      const { data } = await company.collections.workplaces({ office: "gdansk" }).go();
      assert.deepEqual([data.office.map(({ city }) => city), data.employee.map((each) => each.employee)], [["Gdańsk"], ["ewa"]]);
    });
  });

  test("transacts", async () => {
    const { employee, company } = entities();
    const written = await company.transaction.write(({ employee: staff, office }) => [
      office.create({ office: "wroclaw" }).commit(),
      staff.create({ employee: "jan", office: "wroclaw", team: "core" }).commit(),
    ]).go();
    assert.equal(written.canceled, false);
    const again = await company.transaction.write(({ employee: staff, office }) => [
      office.patch({ office: "wroclaw" }).set({ city: "Wrocław" }).commit(),
      staff.create({ employee: "jan", office: "wroclaw", team: "core" }).commit(),
    ]).go();
    assert.equal(again.canceled, true);
    assert.deepEqual(again.data.map(({ code }) => code), ["None", "ConditionalCheckFailed"]);
    const read = await company.transaction.get(({ employee: staff, office }) => [
      staff.get({ employee: "jan" }).commit(), office.get({ office: "wroclaw" }).commit(),
    ]).go();
    assert.deepEqual(read.data.map(({ item }) => item), [
      { employee: "jan", office: "wroclaw", team: "core", salary: 0 }, { office: "wroclaw" },
    ]);
    assert.equal((await employee.get({ employee: "jan" }).go({ consistent: true })).data?.team, "core");
  });
});
