// A steady load of real SDK clients whose every answer can be checked afterwards:
//
// - counters: ADD 1, by everyone; at the end each equals the number of acknowledged increments, and no more than
//   the number of attempted ones;
// - version chains: a strong read of version n, then a conditional update to n + 1 with a unique token; no two
//   acknowledged updates start from the same version, and none is missing from the chain's end;
// - registers: one writer puts increasing numbers, everyone reads strongly; a read never returns less than what was
//   acknowledged before it began, nor more than what was begun before it ended.
//
// Clients use the SDK's default retries; a call that fails for good is recorded as such.
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";

export interface Endpoint {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface WorkloadReport {
  readonly operations: number;
  readonly refused: number;
  /** Calls that failed after the SDK's own retries, with their error. */
  readonly failures: readonly { readonly kind: string; readonly error: string; readonly atMs: number }[];
  readonly violations: readonly string[];
}

export interface CallRecord {
  readonly startedAt: number;
  readonly endedAt: number;
}

const counters = 8;
const chains = 4;

export function createClient(endpoint: Endpoint): DynamoDBClient {
  const { url, accessKeyId, secretAccessKey } = endpoint;
  return new DynamoDBClient({ endpoint: url, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
}

export async function createWorkloadTable(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: table });
}

export class Workload {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clients: number;
  readonly #violations: string[] = [];
  readonly #failures: { kind: string; error: string; atMs: number }[] = [];
  readonly #increments = Array.from({ length: counters }, () => ({ attempted: 0, acknowledged: 0 }));
  readonly #links = Array.from({ length: chains }, () => new Map<number, string>());
  readonly #registers: { begun: number; acknowledged: number }[];
  #stopped = false;
  #operations = 0;
  #refused = 0;
  #running: Promise<unknown> | undefined;
  /** Every finished call, for the outage each client saw. */
  readonly calls: CallRecord[] = [];

  constructor(client: DynamoDBClient, table: string, clients: number) {
    this.#client = client;
    this.#table = table;
    this.#clients = clients;
    this.#registers = Array.from({ length: clients }, () => ({ begun: 0, acknowledged: 0 }));
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: this.#clients }, (_, number) => this.#run(number)));
  }

  /** Calls that have failed for good so far. */
  get failed(): number {
    return this.#failures.length;
  }

  /** Longest call that was under way at or begun within `windowMs` after `at`, in milliseconds. */
  outageAfter(at: number, windowMs: number): number {
    let longest = 0;
    for (const { startedAt, endedAt } of this.calls) {
      if (endedAt >= at && startedAt <= at + windowMs) longest = Math.max(longest, endedAt - Math.max(startedAt, at));
    }
    return longest;
  }

  async finish(): Promise<WorkloadReport> {
    this.#stopped = true;
    await this.#running;
    await this.#checkCounters();
    await this.#checkChains();
    return {
      operations: this.#operations,
      refused: this.#refused,
      failures: this.#failures,
      violations: this.#violations,
    };
  }

  async #run(number: number): Promise<void> {
    for (let step = 0; !this.#stopped; step++) {
      const choice = (step * 7 + number) % 10;
      if (choice < 3) await this.#increment((step + number) % counters);
      else if (choice < 5) await this.#extendChain((step + number) % chains, `${number}-${step}`);
      else if (choice < 7) await this.#writeRegister(number);
      else await this.#readRegister((number + step) % this.#clients);
    }
  }

  async #call<Result>(kind: string, send: () => Promise<Result>): Promise<Result | undefined> {
    const startedAt = performance.now();
    try {
      return await send();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        this.#refused++;
        return undefined;
      }
      this.#failures.push({ kind, error: String(error), atMs: performance.now() });
      return undefined;
    } finally {
      this.#operations++;
      this.calls.push({ startedAt, endedAt: performance.now() });
    }
  }

  async #increment(counter: number): Promise<void> {
    const count = this.#increments[counter] as { attempted: number; acknowledged: number };
    count.attempted++;
    const result = await this.#call("increment", () =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { id: { S: `counter-${counter}` } },
          UpdateExpression: "ADD amount :one",
          ExpressionAttributeValues: { ":one": { N: "1" } },
        }),
      ),
    );
    if (result !== undefined) count.acknowledged++;
  }

  async #read(id: string): Promise<Record<string, { N?: string; S?: string }> | undefined> {
    const result = await this.#call("read", () =>
      this.#client.send(new GetItemCommand({ TableName: this.#table, Key: { id: { S: id } }, ConsistentRead: true })),
    );
    return result === undefined ? undefined : ((result.Item ?? {}) as Record<string, { N?: string; S?: string }>);
  }

  async #extendChain(chain: number, token: string): Promise<void> {
    const item = await this.#read(`chain-${chain}`);
    if (item === undefined) return;
    const version = Number(item["version"]?.N ?? 0);
    const links = this.#links[chain] as Map<number, string>;
    const result = await this.#call("extend", () =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: { id: { S: `chain-${chain}` } },
          UpdateExpression: "SET version = :next, writer = :token",
          ConditionExpression: version === 0 ? "attribute_not_exists(version)" : "version = :version",
          ExpressionAttributeValues: {
            ":next": { N: String(version + 1) },
            ":token": { S: token },
            ...(version === 0 ? {} : { ":version": { N: String(version) } }),
          },
        }),
      ),
    );
    if (result === undefined) return;
    const other = links.get(version + 1);
    if (other !== undefined) {
      this.#violations.push(`chain ${chain}: ${other} and ${token} both went from version ${version} to ${version + 1}`);
    }
    links.set(version + 1, token);
  }

  async #writeRegister(number: number): Promise<void> {
    const register = this.#registers[number] as { begun: number; acknowledged: number };
    const value = ++register.begun;
    const result = await this.#call("put", () =>
      this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { id: { S: `register-${number}` }, value: { N: String(value) }, padding: { S: "x".repeat(200) } },
        }),
      ),
    );
    if (result !== undefined) register.acknowledged = Math.max(register.acknowledged, value);
  }

  async #readRegister(number: number): Promise<void> {
    const register = this.#registers[number] as { begun: number; acknowledged: number };
    const atLeast = register.acknowledged;
    const item = await this.#read(`register-${number}`);
    if (item === undefined) return;
    const value = Number(item["value"]?.N ?? 0);
    if (value < atLeast) this.#violations.push(`register ${number}: read ${value} after ${atLeast} was acknowledged`);
    if (value > register.begun) this.#violations.push(`register ${number}: read ${value}, written up to ${register.begun}`);
  }

  async #checkCounters(): Promise<void> {
    for (const [counter, { attempted, acknowledged }] of this.#increments.entries()) {
      const item = await this.#read(`counter-${counter}`);
      const value = Number(item?.["amount"]?.N ?? 0);
      if (value < acknowledged) this.#violations.push(`counter ${counter}: ${value} after ${acknowledged} acknowledged`);
      if (value > attempted) this.#violations.push(`counter ${counter}: ${value} after ${attempted} attempts`);
      if (this.#failures.length === 0 && value !== acknowledged) {
        this.#violations.push(`counter ${counter}: ${value}, though ${acknowledged} were acknowledged and none failed`);
      }
    }
  }

  async #checkChains(): Promise<void> {
    for (const [chain, links] of this.#links.entries()) {
      const item = await this.#read(`chain-${chain}`);
      const version = Number(item?.["version"]?.N ?? 0);
      const newest = Math.max(0, ...links.keys());
      if (version < newest) this.#violations.push(`chain ${chain}: version ${version} after ${newest} was acknowledged`);
      const token = links.get(version);
      if (token !== undefined && token !== item?.["writer"]?.S) {
        this.#violations.push(`chain ${chain}: version ${version} is by ${item?.["writer"]?.S}, acknowledged was ${token}`);
      }
    }
  }
}
