// Asks the cluster to split a partition. Any storage node can pass the wish on, so it goes to the first that says it is
// well, and to no other after that: a node that falls silent may have passed it on, and a second one would then ask for
// half of a half.
import { failure, type FetchJson, type HttpReply } from "@azimuth/host-agent/http.ts";
import type { Member } from "./members.ts";

export interface SplitOptions {
  readonly nodes: readonly Member[];
  readonly partition: unknown;
  /** First token of the second half, or its beginning; the middle of the partition when null or undefined. */
  readonly at: unknown;
  /** For saying that it is well. */
  readonly healthTimeoutMs: number;
  /** For the split: longer than the control plane is waited for. */
  readonly timeoutMs: number;
}

/** 200 with the numbers of both halves and the token between, or one sentence. */
export async function splitPartition(fetchJson: FetchJson, options: SplitOptions): Promise<HttpReply> {
  const { partition, at, timeoutMs } = options;
  if (!Number.isSafeInteger(partition)) return failure(400, 'Say which partition: { "partition": 7 }.');
  if (at !== undefined && at !== null && typeof at !== "string") return failure(400, "A token is a text.");
  const node = await firstWell(fetchJson, options);
  if (node === undefined) return failure(502, "No storage node answers.");
  const where = typeof at === "string" ? `&at=${encodeURIComponent(at)}` : "";
  const url = `http://${node.http}/split?partition=${partition}${where}`;
  const result = await fetchJson(url, { method: "POST", timeoutMs });
  if (result.kind === "reply") return { status: result.status, body: result.body };
  return failure(502, `${node.name} fell silent (${result.reason}); the status tells whether it passed that on.`);
}

async function firstWell(fetchJson: FetchJson, options: SplitOptions): Promise<Member | undefined> {
  const checks = options.nodes.map(async (node) => {
    const result = await fetchJson(`http://${node.http}/health`, { timeoutMs: options.healthTimeoutMs });
    if (result.kind === "reply" && result.status === 200) return node;
    throw new Error(`${node.name} is not well`);
  });
  return Promise.any(checks).catch(() => undefined);
}
