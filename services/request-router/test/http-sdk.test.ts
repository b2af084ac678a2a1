// The AWS SDK against the HTTP front and the verification of signatures, with operations made up by the test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { SigningKeys } from "@azimuth/auth/signing-keys.ts";
import { verifyRequest } from "@azimuth/auth/verify-request.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { errorAnswer } from "@azimuth/request-router/http-answer.ts";
import type { HttpRequest, Respond } from "@azimuth/request-router/http-server.ts";
import { withServer } from "./http-client.ts";

const clock = createRealClock();
const keys = new SigningKeys();

function handle(request: HttpRequest, respond: Respond): void {
  const [path = "", query = ""] = request.url.split("?");
  const findSecret = (id: string): string | undefined => (id === "known" ? "secret" : undefined);
  const result = verifyRequest({ ...request, path, query }, { now: clock.wallNow(), keys, findSecret });
  if (result.kind === "refused") respond(errorAnswer(result.exception));
  else if (request.target.operation === "ListTables") respond({ status: 200, body: '{"TableNames":["Musik"]}' });
  else respond(errorAnswer(new DynamoDbException("ResourceNotFoundException", "Requested resource not found")));
}

async function withClient(
  accessKeyId: string,
  secretAccessKey: string,
  body: (client: DynamoDBClient) => Promise<void>,
): Promise<void> {
  await withServer({ handle }, async ({ port }) => {
    const client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: "eu-central-1",
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });
    try {
      await body(client);
    } finally {
      client.destroy();
    }
  });
}

test("the SDK is let in, and reads the answer, its id and its errors", { timeout: 20_000 }, async () => {
  await withClient("known", "secret", async (client) => {
    const { TableNames, $metadata } = await client.send(new ListTablesCommand({}));
    assert.deepEqual(TableNames, ["Musik"]);
    assert.match($metadata.requestId as string, /^[0-9A-V]{52}$/);
    await assert.rejects(client.send(new DescribeTableCommand({ TableName: "none" })), {
      name: "ResourceNotFoundException",
      message: "Requested resource not found",
    });
  });
});

test("the SDK is refused with a wrong secret and with an unknown key", { timeout: 20_000 }, async () => {
  await withClient("known", "guessed", async (client) => {
    await assert.rejects(client.send(new ListTablesCommand({})), { name: "InvalidSignatureException" });
  });
  await withClient("unknown", "secret", async (client) => {
    await assert.rejects(client.send(new ListTablesCommand({})), { name: "UnrecognizedClientException" });
  });
});
