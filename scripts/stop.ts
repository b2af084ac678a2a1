// npm run stop: stops the local cluster politely; its data stays.   npm run stop -- [--data ./data]
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ClusterError, stopLocalCluster } from "@azimuth/cli/local-cluster.ts";

try {
  const { values } = parseArgs({ options: { data: { type: "string" } } });
  const directory = resolve(values.data ?? join(import.meta.dirname, "..", "data"));
  const stopped = await stopLocalCluster(directory);
  const sentence = stopped === undefined ? "Azimuth does not run." : `Stopped ${stopped.join(", ")}. The data stays.`;
  process.stdout.write(`${sentence}\n`);
} catch (error) {
  const plain = error instanceof ClusterError || error instanceof TypeError;
  process.stderr.write(`azimuth: ${plain ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
  process.exitCode = 1;
}
