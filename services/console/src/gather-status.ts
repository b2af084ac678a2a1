// Gathers a ClusterStatus: asks every agent, node and router at once, each with a time limit, and fits the answers
// together. A process that does not answer is part of the picture, not an error: showing what is broken is what
// this is for. Replies are read field by field, so that a process of another version cannot break the view.
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { FetchJson } from "@azimuth/host-agent/http.ts";
import type { ProcessReport } from "@azimuth/host-agent/supervisor.ts";
import type {
  ClusterStatus, NodeState, NodeView, PartitionView, ProcessView, ReplicaView, RouterView, ZoneView,
} from "./cluster-status.ts";
import { listAt, numberAt, stringAt, textsAt } from "./json-fields.ts";
import type { Member } from "./members.ts";

export interface Sources {
  readonly cluster: string;
  readonly nodes: readonly Member[];
  readonly routers: readonly Member[];
  /** host:port of each host agent. */
  readonly agents: readonly string[];
  readonly timeoutMs: number;
}

interface Answer {
  readonly member: Member;
  readonly body: unknown;
  readonly problem: string | null;
}

interface AgentAnswers {
  readonly reports: ReadonlyMap<string, ProcessReport>;
  readonly problems: readonly string[];
}

export async function gatherStatus(fetchJson: FetchJson, sources: Sources, at: number): Promise<ClusterStatus> {
  const [agents, nodeAnswers, routerAnswers] = await Promise.all([
    askAgents(fetchJson, sources),
    Promise.all(sources.nodes.map((member) => ask(fetchJson, member, sources.timeoutMs))),
    Promise.all(sources.routers.map((member) => ask(fetchJson, member, sources.timeoutMs))),
  ]);
  const nodes = nodeAnswers.map((answer) => nodeView(answer, agents.reports.get(answer.member.name)));
  const routers = routerAnswers.map((answer) => routerView(answer, agents.reports.get(answer.member.name)));
  const known = new Set([...nodes, ...routers].map(({ name }) => name));
  const others = [...agents.reports.values()].filter(({ name }) => !known.has(name)).map(otherView);
  return {
    at,
    cluster: sources.cluster,
    endpoint: routers.find(({ endpoint }) => endpoint !== null)?.endpoint ?? null,
    zones: zoneViews(nodes),
    nodes, routers, others,
    tables: tableNames(routerAnswers),
    partitions: partitionViews(nodeAnswers),
    problems: agents.problems,
  };
}

async function ask(fetchJson: FetchJson, member: Member, timeoutMs: number): Promise<Answer> {
  const result = await fetchJson(`http://${member.http}/status`, { timeoutMs });
  if (result.kind === "unreachable") return { member, body: undefined, problem: result.reason };
  if (result.status !== 200) return { member, body: undefined, problem: `answered ${result.status}` };
  return { member, body: result.body, problem: null };
}

async function askAgents(fetchJson: FetchJson, sources: Sources): Promise<AgentAnswers> {
  const reports = new Map<string, ProcessReport>();
  const problems: string[] = [];
  await Promise.all(sources.agents.map(async (agent) => {
    const result = await fetchJson(`http://${agent}/processes`, { timeoutMs: sources.timeoutMs });
    if (result.kind === "unreachable") {
      return void problems.push(`The agent at ${agent} does not answer: ${result.reason}.`);
    }
    for (const report of listAt(result.body, "processes") as readonly ProcessReport[]) reports.set(report.name, report);
  }));
  return { reports, problems: problems.toSorted() };
}

function processView(answer: Answer, kind: string, report: ProcessReport | undefined): ProcessView {
  const { name, zone } = answer.member;
  return {
    name, zone, kind,
    state: stateOf(answer, report),
    since: report?.since ?? null,
    pid: report?.pid ?? null,
    controllable: report !== undefined,
    problem: report?.state === "exited" ? `ended by itself: ${report.lastExit}` : answer.problem,
  };
}

function stateOf(answer: Answer, report: ProcessReport | undefined): NodeState {
  if (report !== undefined && report.state !== "running") return report.state;
  if (answer.problem === null) return "running";
  return report === undefined ? "unreachable" : "silent";
}

function nodeView(answer: Answer, report: ProcessReport | undefined): NodeView {
  const groups = groupsOf(answer.body);
  return {
    ...processView(answer, "storage-node", report),
    number: numberAt(answer.body, "node"),
    revision: numberAt(answer.body, "revision"),
    replicas: groups.length,
    leading: groups.filter((group) => stringAt(group, "role") === "leader").length,
    logBytes: numberAt((answer.body as { log?: unknown } | undefined)?.log, "bytes"),
  };
}

function routerView(answer: Answer, report: ProcessReport | undefined): RouterView {
  return {
    ...processView(answer, "request-router", report),
    endpoint: stringAt(answer.body, "endpoint"),
    region: stringAt(answer.body, "region"),
    revision: numberAt(answer.body, "revision"),
  };
}

function otherView({ name, zone, kind, state, since, pid }: ProcessReport): ProcessView {
  return { name, zone, kind, state, since, pid, controllable: true, problem: null };
}

function zoneViews(nodes: readonly NodeView[]): readonly ZoneView[] {
  const byZone = Map.groupBy(nodes.filter(({ zone }) => zone !== null), ({ zone }) => zone as string);
  return [...byZone].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([name, members]) => {
    const running = members.filter(({ state }) => state === "running").length;
    const state = running === members.length ? "up" : running === 0 ? "down" : "degraded";
    return { name, state, nodes: members.map((node) => node.name) };
  });
}

function tableNames(routers: readonly Answer[]): readonly string[] {
  const names = routers.flatMap(({ body }) => textsAt(body, "tables", "name"));
  return [...new Set(names)].toSorted();
}

function partitionViews(answers: readonly Answer[]): readonly PartitionView[] {
  const names = new Map<number, string>();
  for (const { member, body } of answers) {
    const number = numberAt(body, "node");
    if (number !== null) names.set(number, member.name);
  }
  const reports = answers.flatMap(({ member, body }) =>
    groupsOf(body).map((group): Report => ({ member, group, revision: numberAt(body, "revision") ?? 0 })));
  const byGroup = Map.groupBy(reports, ({ group }) => numberAt(group, "group") ?? -1);
  return [...byGroup].map(([group, members]) => partitionView(group, members, names)).toSorted(byTableAndRange);
}

/** The halves of a split beside each other, whatever their numbers; the control plane first. */
function byTableAndRange(left: PartitionView, right: PartitionView): number {
  const place = ({ table, firstToken }: PartitionView): string => `${table ?? ""} ${firstToken ?? ""}`;
  if (place(left) === place(right)) return left.group - right.group;
  return place(left) < place(right) ? -1 : 1;
}

/** What one node says of one group, by the revision of the map that it follows. */
interface Report {
  readonly member: Member;
  readonly group: unknown;
  readonly revision: number;
}

function partitionView(
  group: number,
  reports: readonly Report[],
  names: ReadonlyMap<number, string>,
): PartitionView {
  const newestFirst = reports.toSorted((left, right) => termOf(right.group) - termOf(left.group));
  const leading = newestFirst.find((report) => stringAt(report.group, "role") === "leader");
  const source = leading ?? newestFirst[0];
  const voters = listAt(source?.group, "voters").filter((voter) => typeof voter === "number");
  const answering = voters.filter((voter) => names.has(nodeOfReplica(voter))).length;
  // A replica that lags may have the range and the figures from before a split.
  const leaderFirst = leading === undefined ? newestFirst : [leading, ...newestFirst];
  const figure = (field: string): number => numberAt(leading?.group, field)
    ?? Math.max(...reports.map((report) => numberAt(report.group, field) ?? 0));
  return {
    group,
    table: firstText(leaderFirst, "table"),
    firstToken: firstText(leaderFirst, "firstToken"),
    lastToken: firstText(leaderFirst, "lastToken"),
    leader: leading?.member.name ?? null,
    term: termOf(source?.group),
    commit: Math.max(...reports.map((report) => numberAt(report.group, "commit") ?? 0)),
    items: figure("items"),
    bytes: figure("bytes"),
    splitting: splittingOf(reports),
    quorum: voters.length > 0 && answering > voters.length / 2,
    voters: voters.length,
    replicas: reports.map(({ member, group: report }) => replicaView(member.name, report)),
  };
}

/** By the newest map, since only the map knows. */
function splittingOf(reports: readonly Report[]): PartitionView["splitting"] {
  const newest = reports.toSorted((left, right) => right.revision - left.revision)[0];
  const splitting = (newest?.group as { splitting?: unknown } | undefined)?.splitting;
  const child = numberAt(splitting, "child");
  const at = stringAt(splitting, "at");
  return child === null || at === null ? null : { child, at };
}

function replicaView(node: string, group: unknown): ReplicaView {
  const index = (field: string): number => numberAt(group, field) ?? 0;
  return {
    node,
    role: stringAt(group, "role") ?? "unknown",
    term: termOf(group),
    commit: index("commit"), applied: index("applied"), firstIndex: index("firstIndex"), lastIndex: index("lastIndex"),
    quiet: (group as { quiet?: unknown }).quiet === true,
    initialised: (group as { initialised?: unknown }).initialised !== false,
  };
}

function groupsOf(body: unknown): readonly unknown[] {
  return listAt(body, "groups").filter((group) => numberAt(group, "group") !== null);
}

function termOf(group: unknown): number {
  return numberAt(group, "term") ?? 0;
}

function firstText(reports: readonly Report[], field: string): string | null {
  for (const { group } of reports) {
    const text = stringAt(group, field);
    if (text !== null) return text;
  }
  return null;
}
