// Prints the cluster's root access key as lines for a shell. The router tells it only to callers on its own machine,
// so under compose it is asked from inside a router's container:
//   docker-compose exec -T router-1 node deploy/credentials.ts
const address = process.argv[2] ?? "127.0.0.1:7400";

try {
  const reply = await fetch(`http://${address}/bootstrap-credentials`);
  if (!reply.ok) throw new Error(`the router answered ${reply.status}; is the cluster up?`);
  const { accessKeyId, secretAccessKey } = (await reply.json()) as { accessKeyId: string; secretAccessKey: string };
  process.stdout.write(`export AWS_ACCESS_KEY_ID=${accessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`);
} catch (error) {
  process.stderr.write(`credentials: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
