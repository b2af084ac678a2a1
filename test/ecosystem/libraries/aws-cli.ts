// The AWS CLI, as one types it: every answer is its JSON on standard output.
import { spawnSync, execFile } from "node:child_process";
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { promisify } from "node:util";
import { environment } from "../shared-cluster.ts";

const run = promisify(execFile);
const found = spawnSync("aws", ["--version"], { encoding: "utf8" }).status === 0;
const skip = found ? false : "there is no aws on the PATH";

async function aws(...words: readonly string[]): Promise<{ readonly [member: string]: unknown } | undefined> {
  const { stdout } = await run("aws", ["dynamodb", ...words, "--output", "json"], { env: environment(), timeout: 60_000 });
  return stdout.trim() === "" ? undefined : JSON.parse(stdout);
}

const json = JSON.stringify;
const table = ["--table-name", "cli-music"];

describe("the AWS CLI", { skip }, () => {
  test("makes a table and waits for it", async () => {
    await aws("create-table", ...table, "--billing-mode", "PAY_PER_REQUEST",
      "--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=SongTitle,AttributeType=S",
      "--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=SongTitle,KeyType=RANGE");
    await aws("wait", "table-exists", ...table);
    assert.match(json(await aws("list-tables")), /"cli-music"/);
  });

  test("puts, gets, updates and deletes", async () => {
    const key = { Artist: { S: "No One You Know" }, SongTitle: { S: "Call Me Today" } };
    await aws("put-item", ...table, "--item", json({ ...key, Year: { N: "2015" } }));
    const got = await aws("get-item", ...table, "--key", json(key), "--consistent-read");
    assert.deepEqual(got, { Item: { ...key, Year: { N: "2015" } } });
    const updated = await aws("update-item", ...table, "--key", json(key), "--update-expression", "SET Awards = :a",
      "--expression-attribute-values", json({ ":a": { N: "1" } }), "--return-values", "UPDATED_NEW");
    assert.deepEqual(updated, { Attributes: { Awards: { N: "1" } } });
    const deleted = await aws("delete-item", ...table, "--key", json(key), "--return-values", "ALL_OLD");
    assert.deepEqual(deleted, { Attributes: { ...key, Year: { N: "2015" }, Awards: { N: "1" } } });
  });

  test("pages a query by itself", async () => {
    const requests = Array.from({ length: 20 }, (_, place) => ({
      PutRequest: { Item: { Artist: { S: "Acme" }, SongTitle: { S: `Song ${10 + place}` } } },
    }));
    await aws("batch-write-item", "--request-items", json({ "cli-music": requests }));
    const answer = await aws("query", ...table, "--page-size", "6", "--consistent-read",
      "--key-condition-expression", "Artist = :a AND begins_with(SongTitle, :s)",
      "--expression-attribute-values", json({ ":a": { S: "Acme" }, ":s": { S: "Song" } }));
    assert.equal(answer?.["Count"], 20);
  });

  test("transacts", async () => {
    const put = (title: string) => ({
      Put: { TableName: "cli-music", Item: { Artist: { S: "Pair" }, SongTitle: { S: title } } },
    });
    await aws("transact-write-items", "--transact-items", json([put("one"), put("two")]));
    const get = (title: string) => ({
      Get: { TableName: "cli-music", Key: { Artist: { S: "Pair" }, SongTitle: { S: title } } },
    });
    const answer = await aws("transact-get-items", "--transact-items", json([get("one"), get("two")]));
    const item = (title: string) => ({ Item: { Artist: { S: "Pair" }, SongTitle: { S: title } } });
    assert.deepEqual(answer, { Responses: [item("one"), item("two")] });
  });

  test("says what was wrong, and fails", async () => {
    await assert.rejects(aws("get-item", ...table, "--key", json({ Artist: { S: "x" } })), (error: Error) => {
      assert.match(error.message, /\(ValidationException\) when calling the GetItem operation/);
      assert.match(error.message, /The provided key element does not match the schema/);
      return true;
    });
  });

  test("tags, describes and deletes the table", async () => {
    const description = (await aws("describe-table", ...table))?.["Table"] as { TableArn: string; TableStatus: string };
    assert.equal(description.TableStatus, "ACTIVE");
    await aws("tag-resource", "--resource-arn", description.TableArn, "--tags", "Key=team,Value=blue");
    assert.deepEqual(await aws("list-tags-of-resource", "--resource-arn", description.TableArn), {
      Tags: [{ Key: "team", Value: "blue" }],
    });
    await aws("delete-table", ...table);
    await aws("wait", "table-not-exists", ...table);
  });
});
