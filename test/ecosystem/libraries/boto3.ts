// boto3, through its resource and client interfaces: the script does what its users do and stops at the first surprise.
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";
import { promisify } from "node:util";
import { endpoint, environment } from "../shared-cluster.ts";

const python = "/usr/bin/python3";
const found = spawnSync(python, ["-c", "import boto3"]).status === 0;

test("boto3", { skip: found ? false : "there is no boto3 for /usr/bin/python3" }, async () => {
  const script = join(import.meta.dirname, "boto3_stories.py");
  const { stdout } = await promisify(execFile)(python, [script, endpoint().url], { env: environment(), timeout: 120_000 });
  assert.deepEqual(stdout.trim().split("\n"), [
    "made", "written", "read", "paged", "updated", "refused", "indexed", "transacted", "deleted",
  ]);
});
