// The words after `azimuth`, as a command or as one sentence that says what is wrong with them.
import { parseArgs } from "node:util";

export type TargetAction = "kill" | "restart" | "pause" | "resume" | "start" | "stop";

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "status"; readonly json: boolean; readonly where: Where }
  | { readonly kind: "act"; readonly action: TargetAction; readonly targets: readonly string[]; readonly where: Where }
  | { readonly kind: "mistake"; readonly message: string };

/** Which cluster is meant: one behind a console, or the local one with its data in a directory. */
export interface Where {
  readonly console: string | undefined;
  readonly data: string | undefined;
}

const actions: readonly string[] = ["kill", "restart", "pause", "resume", "start", "stop"] satisfies TargetAction[];

export const helpText = `azimuth: looks at a running cluster and breaks it.

  azimuth status [--json]        zones, nodes, routers, partitions, leaders
  azimuth kill TARGET…           cuts the power: SIGKILL
  azimuth restart TARGET…        starts it again, whatever state it is in
  azimuth pause TARGET…          a hang: SIGSTOP
  azimuth resume TARGET…         ends the hang: SIGCONT
  azimuth stop TARGET…           a polite end: SIGTERM, leaders move first
  azimuth start TARGET…          starts what does not run

TARGET is a node (node-2), a router (router-1) or a zone (az-2).

  --console URL    a cluster elsewhere, by its console: http://127.0.0.1:8080 for docker-compose
                   (or the variable AZIMUTH_CONSOLE)
  --data DIR       a local cluster's directory, if it is not ./data of the repository
`;

export function parseCommandLine(words: readonly string[]): Command {
  let parsed;
  try {
    parsed = parseArgs({ args: [...words], allowPositionals: true, options: {
      console: { type: "string" }, data: { type: "string" }, json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    } });
  } catch (error) {
    return mistake((error as Error).message.split(". ")[0] ?? "");
  }
  const { values, positionals: [verb, ...targets] } = parsed;
  if (values.help === true || verb === "help") return { kind: "help" };
  if (verb === undefined) return mistake("Say what to do: status, kill, restart, pause, resume, stop or start");
  if (values.console !== undefined && !/^https?:\/\/[^/]+\/?$/.test(values.console)) {
    return mistake(`--console must be a URL like http://127.0.0.1:8080, not ${values.console}`);
  }
  if (values.console !== undefined && values.data !== undefined) return mistake("Give --console or --data, not both");
  const where: Where = { console: values.console?.replace(/\/$/, ""), data: values.data };
  if (verb === "status") {
    if (targets.length > 0) return mistake("status takes no target; it shows everything");
    return { kind: "status", json: values.json === true, where };
  }
  if (!actions.includes(verb)) return mistake(`There is no command ${verb}; there are status, ${actions.join(", ")}`);
  if (targets.length === 0) return mistake(`Say what to ${verb}: a node (node-1) or a zone (az-1)`);
  return { kind: "act", action: verb as TargetAction, targets, where };
}

function mistake(message: string): Command {
  return { kind: "mistake", message: message.endsWith(".") ? message : `${message}.` };
}
