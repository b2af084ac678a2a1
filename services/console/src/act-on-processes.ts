// Passes a command on a node or a zone to the agents that own its processes: under compose every container has an
// agent, so the members of one zone are spread over several.
import { isProcessAction, isTarget, missingTarget } from "@azimuth/host-agent/host-agent.ts";
import { failure, type FetchJson, type HttpReply } from "@azimuth/host-agent/http.ts";
import type { ProcessReport } from "@azimuth/host-agent/supervisor.ts";
import { listAt, stringAt } from "./json-fields.ts";

export interface ActionReply {
  readonly target: string;
  readonly processes: readonly ProcessReport[];
  /** Agents that could not be asked or refused: their part was not done. */
  readonly problems: readonly string[];
}

export interface ActionOptions {
  readonly agents: readonly string[];
  readonly action: string;
  readonly target: unknown;
  /** Stopping politely takes as long as the agent's stop limit, so this must be longer. */
  readonly timeoutMs: number;
}

/** 200 when every agent concerned did its part, 404 for an unknown target, 502 when an agent failed. */
export async function actOnProcesses(fetchJson: FetchJson, options: ActionOptions): Promise<HttpReply> {
  const { action, target, timeoutMs } = options;
  if (!isProcessAction(action)) return failure(404, `There is no action ${action}.`);
  if (!isTarget(target)) return missingTarget;
  const processes: ProcessReport[] = [];
  const problems: string[] = [];
  await Promise.all(options.agents.map(async (agent) => {
    const result = await fetchJson(`http://${agent}/${action}`, { method: "POST", body: { target }, timeoutMs });
    if (result.kind === "unreachable") problems.push(`The agent at ${agent} does not answer: ${result.reason}.`);
    else if (result.status === 200) processes.push(...(listAt(result.body, "processes") as ProcessReport[]));
    else if (result.status !== 404) {
      problems.push(`The agent at ${agent}: ${stringAt(result.body, "error") ?? result.status}`);
    }
  }));
  if (processes.length === 0 && problems.length === 0) return failure(404, `No node and no zone is named ${target}.`);
  const reply: ActionReply = { target, processes, problems };
  return { status: problems.length > 0 ? 502 : 200, body: reply };
}
