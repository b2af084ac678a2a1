// One cluster for all programs and libraries of this folder, and clients of it.
import { after, before } from "node:test";
import assert from "node:assert/strict";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { startTestCluster, type TestCluster } from "../cluster/test-cluster.ts";
import { tryFor } from "../try-for.ts";

let cluster: TestCluster | undefined;
let client: DynamoDBClient | undefined;

before(async () => {
  cluster = await startTestCluster();
  const { url, accessKeyId, secretAccessKey } = cluster.endpoint;
  client = new DynamoDBClient({ endpoint: url, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
});

after(async () => {
  client?.destroy();
  await cluster?.stop();
});

process.once("SIGTERM", () => void cluster?.stop().finally(() => process.exit(1)));

export function endpoint(): TestCluster["endpoint"] {
  assert.ok(cluster !== undefined, "the cluster has started");
  return cluster.endpoint;
}

export function dynamoClient(): DynamoDBClient {
  assert.ok(client !== undefined, "the cluster has started");
  return client;
}

export function documentClient(): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(dynamoClient(), { marshallOptions: { removeUndefinedValues: true } });
}

/** The environment in which programs find the cluster. */
export function environment(): Record<string, string | undefined> {
  const { url, accessKeyId, secretAccessKey } = endpoint();
  return {
    ...process.env,
    AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_DYNAMODB: url, AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: "us-east-1", AWS_REGION: "us-east-1",
    AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null", AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
  };
}

/** Global indexes are fed after the write has been acknowledged. */
export const eventually = (attempt: () => Promise<void>): Promise<void> => tryFor(20_000, attempt);
