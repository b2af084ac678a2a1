// The examples of README.md's "Connect to it", taken from the page itself and run as a reader would, one after the other,
// against a cluster. A tool that is not installed is skipped.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { CreateTableCommand, PutItemCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { createClient } from "./workload.ts";

const root = join(import.meta.dirname, "..", "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const exampleLimitMs = 90_000;

let cluster: TestCluster;
let environment: NodeJS.ProcessEnv;

before(async () => {
  cluster = await startTestCluster();
  const { logFile } = cluster.cluster.processes[0] as { logFile: string };
  const data = dirname(dirname(logFile));
  const setUp = codeBlock("sh", "AWS_SHARED_CREDENTIALS_FILE=").replaceAll("$PWD/data", data)
    .replaceAll("http://127.0.0.1:8000", cluster.endpoint.url);
  const names = [...setUp.matchAll(/(AWS_\w+)=(\S+)/g)].map(([, name, value]) => [name, value] as const);
  assert.ok(names.length >= 3, "the README no longer sets the variables that this test expects");
  // Nothing of the machine's own configuration may help or disturb.
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_"));
  const own = { AWS_CONFIG_FILE: join(data, "none"), AWS_EC2_METADATA_DISABLED: "true", AWS_PAGER: "" };
  environment = { ...Object.fromEntries(others), ...own, ...Object.fromEntries(names) };
});

after(() => cluster.stop());

/** The one block of that language that contains `part`. */
function codeBlock(language: string, part: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, name, code]) => ({ name, code: code ?? "" }));
  const found = blocks.filter(({ name, code }) => name === language && code.includes(part));
  assert.equal(found.length, 1, `README.md has ${found.length} ${language} blocks with ${part}`);
  return (found[0] as { code: string }).code;
}

function isInstalled(command: string, ...words: readonly string[]): boolean {
  return spawnSync(command, words, { stdio: "ignore" }).status === 0;
}

function run(command: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd: root, env: environment, timeout: exampleLimitMs });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(output) : reject(new Error(`ended with ${code}: ${errors}`))));
  });
}

/** What the later examples find in the table. */
async function prepareWithSdk(): Promise<void> {
  const client = createClient(cluster.endpoint);
  await client.send(new CreateTableCommand({
    TableName: "Music",
    AttributeDefinitions: ["Artist", "Song"].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
    KeySchema: [{ AttributeName: "Artist", KeyType: "HASH" }, { AttributeName: "Song", KeyType: "RANGE" }],
    BillingMode: "PAY_PER_REQUEST",
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: "Music" });
  const Item = { Artist: { S: "Nina Simone" }, Song: { S: "Sinnerman" }, Plays: { N: "1" } };
  await client.send(new PutItemCommand({ TableName: "Music", Item }));
  client.destroy();
}

test("the AWS CLI makes a table, puts an item and gets it", async (context) => {
  const code = codeBlock("sh", "aws dynamodb create-table");
  if (!isInstalled("aws", "--version")) {
    await prepareWithSdk();
    return context.skip("aws is not installed");
  }
  const output = await run("sh", ["-euc", code]);
  assert.match(output, /"TableName": "Music"/);
  const { Item } = JSON.parse(output.slice(output.lastIndexOf("\n{\n") + 1)) as { Item: unknown };
  assert.deepEqual(Item, { Artist: { S: "Nina Simone" }, Song: { S: "Sinnerman" }, Plays: { N: "1" } });
});

test("Node counts one more play", async () => {
  const code = codeBlock("js", "UpdateCommand");
  assert.match(await run(process.execPath, ["--input-type=module", "-e", code]), /\{ Plays: 2 \}/);
});

test("Python finds the song", async (context) => {
  const code = codeBlock("python", "boto3");
  if (!isInstalled("python3", "-c", "import boto3")) return context.skip("python3 with boto3 is not installed");
  const output = await run("python3", ["-c", code]);
  assert.match(output, /'Sinnerman'/);
  assert.match(output, /Decimal\('2'\)/);
});
