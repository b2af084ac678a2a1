// A client of the simulated cluster that behaves like an AWS SDK: sends a request to a router, gives up waiting after
// a while, and tries again up to three times on connection errors, timeouts and HTTP 500, with the same
// invocation id. What it cannot tell (did the write happen?) it reports as unknown.
import type { Random } from "@azimuth/foundation/random.ts";
import type { World } from "./world.ts";

export type CallResult =
  | {
      readonly kind: "ok";
      readonly body: Record<string, unknown>;
      /** The one replica that answered, by a name that no other life of its process has; undefined when in doubt. */
      readonly replica: string | undefined;
    }
  /** DynamoDB refused; nothing was done. */
  | {
      readonly kind: "refused";
      readonly type: string;
      readonly message: string;
      /** What a condition was refused on, where that was asked for. */
      readonly item: unknown;
    }
  /** The request never reached a router; nothing was done. */
  | { readonly kind: "unreachable" }
  /** No answer, or HTTP 500: a write may or may not have happened. */
  | { readonly kind: "unknown"; readonly reason: string };

type Answer =
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly replica: string | undefined }
  | { readonly kind: "timeout" }
  | { readonly kind: "refused-connection" };

const attemptsMax = 3;
const attemptTimeoutMs = 15_000;
const backoffMs = 100;

export class SimulatedClient {
  readonly name: string;
  readonly #world: World;
  readonly #random: Random;
  readonly #zone: number;
  calls = 0;
  /** Is told of each attempt that found no router, got no answer or HTTP 500. */
  onFailedAttempt: (what: string) => void = () => {};

  constructor(world: World, random: Random, name: string, zone: number) {
    this.#world = world;
    this.#random = random;
    this.name = name;
    this.#zone = zone;
  }

  async call(target: string, input: object): Promise<CallResult> {
    this.calls++;
    const invocation = Buffer.from(this.#random.bytes(16)).toString("hex");
    let reason = "";
    let mayHaveHappened = false;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      if (attempt > 1) await this.#world.sleep(this.#random.next() * backoffMs * 2 ** attempt);
      const headers = {
        "amz-sdk-invocation-id": invocation,
        "amz-sdk-request": `attempt=${attempt}; max=${attemptsMax}`,
      };
      const answer = await this.#attempt(target, input, headers);
      if (answer.kind !== "answer" || answer.status >= 500) {
        const what = answer.kind === "answer" ? answer.body : answer.kind;
        this.onFailedAttempt(`${target} ${JSON.stringify(input)}: ${what}`);
        if (answer.kind === "refused-connection") continue;
        mayHaveHappened = true;
        reason = what;
        continue;
      }
      const body = JSON.parse(answer.body) as Record<string, unknown>;
      if (answer.status === 200) return { kind: "ok", body, replica: answer.replica };
      return refusal(body, mayHaveHappened);
    }
    return mayHaveHappened ? { kind: "unknown", reason } : { kind: "unreachable" };
  }

  #attempt(target: string, input: object, headers: Record<string, string>): Promise<Answer> {
    const router = this.#router();
    if (router === undefined) return Promise.resolve({ kind: "refused-connection" });
    const livesBefore = new Map([...this.#world.nodes].map(([name, { lives }]) => [name, lives]));
    return new Promise((resolve) => {
      const timer = this.#world.wake(attemptTimeoutMs, () => resolve({ kind: "timeout" }));
      this.#world.request(router, target, input, headers).then(
        ({ status, body, replicas }) => {
          timer.cancel();
          resolve({ kind: "answer", status, body, replica: this.#nameReplica(replicas, livesBefore) });
        },
        () => resolve({ kind: "timeout" }),
      );
    });
  }

  /**
   * A process that starts again serves what its engine has kept, which may be less than what it served before. So the
   * life of the process is part of the name; if it ended while the request was under way, nobody knows which it was.
   */
  #nameReplica(replicas: string | undefined, livesBefore: ReadonlyMap<string, number>): string | undefined {
    const parts = /^([^;,]+); partition=(\d+); replica=(\d+); role=\w+$/.exec(replicas ?? "");
    if (parts === null) return undefined;
    const [, node, partition, replica] = parts as unknown as [string, string, string, string];
    const lives = this.#world.nodes.get(node)?.lives;
    if (replica === "0" || lives === undefined || lives !== livesBefore.get(node)) return undefined;
    return `${node}/${partition}/${replica}, life ${lives}`;
  }

  /** The own zone's router when it runs, else any. */
  #router(): string | undefined {
    const running = [...this.#world.routers.values()].filter((router) => router.life !== undefined);
    const near = running.filter((router) => router.zone === `az-${this.#zone}`);
    const choice = near.length > 0 ? near : running;
    return choice.length === 0 ? undefined : this.#random.pick(choice).name;
  }
}

/**
 * A failed condition is an answer about the write itself, over all its attempts: the cluster recognises those before
 * by the invocation id. Any other refusal says nothing of an earlier attempt that may have happened.
 */
function refusal(body: Record<string, unknown>, mayHaveHappened: boolean): CallResult {
  const type = String(body["__type"]).split("#").at(-1) as string;
  const message = String(body["message"] ?? body["Message"] ?? "");
  if (mayHaveHappened && !conditionRefusals.has(type)) {
    return { kind: "unknown", reason: `${type} after an unknown attempt` };
  }
  return { kind: "refused", type, message, item: body["Item"] };
}

export const conditionFailed = "ConditionalCheckFailedException";

/** The condition of a PartiQL INSERT, that there is no such item, has a word of its own. */
export const conditionRefusals: ReadonlySet<string> = new Set([conditionFailed, "DuplicateItemException"]);
