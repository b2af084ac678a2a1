// npm start: brings up the local cluster, says how to reach it, and returns to the prompt; the cluster keeps running
// until `npm run stop`.   npm start -- [--port 8000] [--console-port 8080] [--nodes-per-zone 2] [--no-auth]
//                                      [--region us-east-1] [--data ./data] [--log-level info]
//                                      [--ttl-sweep-ms 60000] [--ttl-update-interval-ms 1800000]
//                                      [--partition-mb 10240]
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { credentialsFile, readLocalCluster } from "@azimuth/cli/local-files.ts";
import { ClusterError, startLocalCluster, type StartedCluster, type StartOptions } from "@azimuth/cli/local-cluster.ts";
import type { LocalPorts } from "@azimuth/cli/local-plan.ts";
import { PortTakenError } from "@azimuth/cli/local-ports.ts";

const defaultDirectory = join(import.meta.dirname, "..", "data");
const began = performance.now();

try {
  const options = readOptions(process.argv.slice(2));
  const before = readLocalCluster(options.directory)?.ports;
  const started = await startLocalCluster(options);
  process.stdout.write(started.alreadyRan ? alreadyRunning(started, options) : welcome(started, options, before));
} catch (error) {
  const plain = error instanceof ClusterError || error instanceof PortTakenError || error instanceof TypeError;
  process.stderr.write(`azimuth: ${plain ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
  process.exitCode = 1;
}

function readOptions(words: string[]): StartOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: words, options: {
    port: text, "console-port": text, "nodes-per-zone": text, region: text, data: text, "log-level": text,
    "ttl-sweep-ms": text, "ttl-update-interval-ms": text,
    "partition-mb": text, "no-auth": { type: "boolean" },
  } });
  const number = (flag: keyof typeof values, most: number): number | undefined => {
    const given = values[flag];
    return given === undefined ? undefined : whole(flag, String(given), most);
  };
  return {
    directory: resolve(values.data ?? defaultDirectory),
    auth: values["no-auth"] !== true,
    port: number("port", 65535),
    consolePort: number("console-port", 65535),
    nodesPerZone: number("nodes-per-zone", 8),
    region: values.region,
    logLevel: values["log-level"],
    ttlSweepMs: number("ttl-sweep-ms", 86_400_000),
    ttlUpdateIntervalMs: number("ttl-update-interval-ms", 86_400_000),
    partitionMb: number("partition-mb", 10_240),
  };
}

function whole(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new ClusterError(`--${flag} must be a whole number from 1 to ${most}, not ${text}.`);
  }
  return value;
}

function alreadyRunning(started: StartedCluster, options: StartOptions): string {
  return `Azimuth already runs; nothing was changed (\`npm run stop\` ends it).\n${facts(started, options)}`;
}

function welcome(started: StartedCluster, options: StartOptions, before: LocalPorts | undefined): string {
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const { cluster, endedLeftovers } = started;
  const lines = [`Azimuth runs: ${cluster.nodes.length} storage nodes in 3 zones (${seconds} s).`];
  const compare = (what: string, asked: number | undefined, wished: number, got: number): void => {
    if (asked === undefined && got !== wished) lines.push(`Port ${wished} is taken, so ${what} is elsewhere.`);
  };
  compare("the endpoint", options.port, before?.endpoint ?? 8000, cluster.ports.endpoint);
  compare("the console", options.consolePort, before?.console ?? 8080, cluster.ports.console);
  if (endedLeftovers.length > 0) {
    lines.push(`Ended first, left over from a start whose agent died: ${endedLeftovers.join(", ")}.`);
  }
  return `${lines.join("\n")}\n${facts(started, options)}`;
}

function facts({ cluster, credentials }: StartedCluster, options: StartOptions): string {
  const file = relative(process.cwd(), credentialsFile(options.directory));
  const keyId = credentials?.accessKeyId ?? "any";
  const secret = credentials?.secretAccessKey ?? "any";
  const keys = cluster.auth
    ? `  access key  ${keyId}\n  secret key  ${secret}\n  both in     ${file}\n`
    : "  access key  none: AUTHENTICATION IS OFF, whoever reaches the port may do anything\n";
  const data = options.directory === defaultDirectory ? "" : ` --data ${relative(process.cwd(), options.directory)}`;
  const stop = `npm run stop${data === "" ? "" : ` --${data}`}`;
  return `
  endpoint    ${cluster.endpoint}   region ${cluster.region}
  console     ${cluster.console}
${keys}
Try it:

  AWS_ACCESS_KEY_ID=${keyId} AWS_SECRET_ACCESS_KEY=${secret} AWS_DEFAULT_REGION=${cluster.region} \\
    aws dynamodb list-tables --endpoint-url ${cluster.endpoint}

Break it:     npx azimuth kill az-2${data}
Look at it:   npx azimuth status${data}
Mend it:      npx azimuth restart az-2${data}
Stop it:      ${stop}     (npm run reset also deletes the data)
`;
}
