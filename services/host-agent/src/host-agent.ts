// The host agent: owns the processes of one host and takes commands on them over HTTP, so that a person or a drill
// can cut the power of a node or a zone without knowing a pid. On a laptop one agent owns the whole cluster; under
// compose each container has its own as its first process. Killing a node leaves the agent alive: it is the hand
// on the switch, not part of what is being broken.
//
//   GET  /processes                                  → { agent, run, processes: ProcessReport[] }
//   POST /start|stop|kill|restart|pause|resume       { target: process or zone } → { target, processes }
//   POST /shutdown                                   stops everything and ends the agent
import { failure, type HttpHandler, type HttpReply, type HttpRequest } from "./http.ts";
import { createSupervisor, type ProcessReport, type Supervisor } from "./supervisor.ts";
import type { SupervisorConfig, SupervisorDoors } from "./supervisor.ts";

export interface HostAgentConfig extends SupervisorConfig {
  readonly name: string;
  /** Identity of this cluster's run: tells a caller that it reached the agent it means. */
  readonly run: string;
  /** Kinds in the order in which a shutdown stops them; kinds not listed come with the last. */
  readonly shutdownOrder: readonly string[];
}

export interface HostAgent {
  startAll(): Promise<void>;
  readonly handler: HttpHandler;
  /** Stops every process, kind after kind. */
  shutdown(): Promise<void>;
  list(): readonly ProcessReport[];
}

export interface ProcessesReply {
  readonly agent: string;
  readonly run: string;
  readonly processes: readonly ProcessReport[];
}

const processActions = ["start", "stop", "kill", "restart", "pause", "resume"] as const;
export type ProcessAction = (typeof processActions)[number];

/** The reply to a command that does not say what it is for. */
export const missingTarget = failure(400, 'The body must be { "target": "node or zone" }.');

export function isTarget(target: unknown): target is string {
  return typeof target === "string" && target !== "";
}

export function isProcessAction(word: string): word is ProcessAction {
  return (processActions as readonly string[]).includes(word);
}

/** `ended` runs after a shutdown that was asked for over HTTP, once it has been answered. */
export function createHostAgent(doors: SupervisorDoors, config: HostAgentConfig, ended: () => void): HostAgent {
  const supervisor = createSupervisor(doors, config);
  const shutdown = (): Promise<void> => stopInOrder(supervisor, config.shutdownOrder);
  const reply = (processes: readonly ProcessReport[]): ProcessesReply =>
    ({ agent: config.name, run: config.run, processes });

  const handler: HttpHandler = async (request) => {
    const { method, path } = request;
    if (method === "GET" && (path === "/processes" || path === "/health")) {
      return { status: 200, body: reply(supervisor.list()) };
    }
    if (method !== "POST") return failure(404, `There is no ${method} ${path} here.`);
    if (path === "/shutdown") {
      await shutdown();
      doors.clock.after(20, ended);
      return { status: 200, body: reply(supervisor.list()) };
    }
    const action = path.slice(1);
    if (!isProcessAction(action)) return failure(404, `There is no POST ${path} here.`);
    return act(supervisor, action, request);
  };

  return {
    startAll: async () => void (await Promise.all(config.specs.map((spec) => supervisor.start(spec.name)))),
    handler,
    shutdown,
    list: () => supervisor.list(),
  };
}

async function act(supervisor: Supervisor, action: ProcessAction, request: HttpRequest): Promise<HttpReply> {
  const target = (request.body as { target?: unknown } | null | undefined)?.target;
  if (!isTarget(target)) return missingTarget;
  const names = supervisor.resolve(target);
  if (names.length === 0) return failure(404, `No process and no zone here is named ${target}.`);
  await Promise.all(names.map((name) => supervisor[action](name)));
  return { status: 200, body: { target, processes: supervisor.list().filter(({ name }) => names.includes(name)) } };
}

async function stopInOrder(supervisor: Supervisor, order: readonly string[]): Promise<void> {
  for (const kind of order) {
    const names = supervisor.list().filter((process) => process.kind === kind).map(({ name }) => name);
    await Promise.all(names.map((name) => supervisor.stop(name)));
  }
  await Promise.all(supervisor.list().map(({ name }) => supervisor.stop(name)));
}
