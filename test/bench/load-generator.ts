// The load generator, a process of its own: closed loops, each waiting for its answer before it sends again.
// The bench tells it by message what to send, where and for how long, and it answers with what came of it. A
// request that is refused ends the round with an error: a bench of refusals says nothing.
import { DynamoConnection, type DynamoTarget } from "./dynamo-client.ts";
import { EtcdClient } from "./etcd-client.ts";
import { etcdValue, itemCount, keyName, requestOf, type OperationName } from "./operations.ts";

export type LoadTarget =
  | ({ readonly kind: "dynamodb" } & DynamoTarget)
  | { readonly kind: "etcd"; readonly endpoints: readonly string[] };

export interface LoadOrder {
  readonly target: LoadTarget;
  readonly operation: OperationName;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadAnswer = { readonly result: LoadResult } | { readonly error: string };

interface Caller {
  call(): Promise<void>;
  close(): void;
}

process.on("message", (order: LoadOrder) => {
  run(order).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group of processes; the bench ends this one itself.
process.on("SIGINT", () => {});

function answer(message: LoadAnswer): void {
  process.send?.(message);
}

async function run({ target, operation, connections, seconds }: LoadOrder): Promise<LoadResult> {
  const callers = Array.from({ length: connections }, (_, each) => createCaller(target, operation, each));
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  try {
    await Promise.all(callers.map(async (caller) => {
      for (let before = performance.now(); before < until; ) {
        await caller.call();
        const after = performance.now();
        latencies.push(after - before);
        before = after;
      }
    }));
  } finally {
    for (const caller of callers) caller.close();
  }
  const took = performance.now() - began;
  latencies.sort((left, right) => left - right);
  const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] as number;
  return { operations: latencies.length, seconds: took / 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function createCaller(target: LoadTarget, operation: OperationName, position: number): Caller {
  if (target.kind === "etcd") {
    const client = new EtcdClient(target.endpoints[position % target.endpoints.length] as string);
    const value = etcdValue();
    const key = (): Uint8Array => Buffer.from(keyName(Math.floor(Math.random() * itemCount)));
    const call = async (): Promise<void> => {
      if (operation === "PutItem") await client.put(key(), value);
      else await client.range(key(), operation === "GetItem eventual");
    };
    return { call, close: () => client.close() };
  }
  const connection = new DynamoConnection(target);
  return {
    async call() {
      const { status, body } = await connection.send(requestOf(operation, Math.random));
      if (status !== 200) throw new Error(`${operation} was answered ${status}: ${body.slice(0, 300)}`);
    },
    close: () => connection.close(),
  };
}
