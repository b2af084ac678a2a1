// The words after `azimuth`, as a command or as one sentence that says what is wrong with them.
import { parseArgs } from "node:util";
import { tokenBeginningWith } from "@azimuth/placement/token.ts";

export type TargetAction = "kill" | "restart" | "pause" | "resume" | "start" | "stop";

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "status"; readonly json: boolean; readonly where: Where }
  | { readonly kind: "act"; readonly action: TargetAction; readonly targets: readonly string[]; readonly where: Where }
  | {
    readonly kind: "split";
    readonly partition: number;
    /** First token of the second half. */
    readonly at: string | undefined;
    readonly where: Where;
  }
  | { readonly kind: "mistake"; readonly message: string };

/** Which cluster is meant: one behind a console, or the local one with its data in a directory. */
export interface Where {
  readonly console: string | undefined;
  readonly data: string | undefined;
}

const actions: readonly string[] = ["kill", "restart", "pause", "resume", "start", "stop"] satisfies TargetAction[];

export const helpText = `azimuth: looks at a running cluster, breaks it and splits its partitions.

  azimuth status [--json]        zones, nodes, routers, partitions, leaders
  azimuth kill TARGET…           cuts the power: SIGKILL
  azimuth restart TARGET…        starts it again, whatever state it is in
  azimuth pause TARGET…          a hang: SIGSTOP
  azimuth resume TARGET…         ends the hang: SIGCONT
  azimuth stop TARGET…           a polite end: SIGTERM, leaders move first
  azimuth start TARGET…          starts what does not run
  azimuth split PARTITION [--at TOKEN]
                                 makes two of a partition, in the middle of its tokens or before TOKEN

TARGET is a node (node-2), a router (router-1) or a zone (az-2). PARTITION is a number, a GROUP of the
status; TOKEN is 16 hexadecimal digits or the first of them.

  --console URL    a cluster elsewhere, by its console: http://127.0.0.1:8080 for docker-compose
                   (or the variable AZIMUTH_CONSOLE)
  --data DIR       a local cluster's directory, if it is not ./data of the repository
`;

export function parseCommandLine(words: readonly string[]): Command {
  let parsed;
  try {
    parsed = parseArgs({ args: [...words], allowPositionals: true, options: {
      console: { type: "string" }, data: { type: "string" }, json: { type: "boolean" }, at: { type: "string" },
      help: { type: "boolean", short: "h" },
    } });
  } catch (error) {
    return mistake((error as Error).message.split(". ")[0] ?? "");
  }
  const { values, positionals: [verb, ...targets] } = parsed;
  if (values.help === true || verb === "help") return { kind: "help" };
  if (verb === undefined) return mistake("Say what to do: status, kill, restart, pause, resume, stop, start or split");
  if (values.console !== undefined && !/^https?:\/\/[^/]+\/?$/.test(values.console)) {
    return mistake(`--console must be a URL like http://127.0.0.1:8080, not ${values.console}`);
  }
  if (values.console !== undefined && values.data !== undefined) return mistake("Give --console or --data, not both");
  if (values.at !== undefined && verb !== "split") return mistake(`--at goes with split, not with ${verb}`);
  const where: Where = { console: values.console?.replace(/\/$/, ""), data: values.data };
  if (verb === "status") {
    if (targets.length > 0) return mistake("status takes no target; it shows everything");
    return { kind: "status", json: values.json === true, where };
  }
  if (verb === "split") return splitCommand(targets, values.at, where);
  if (!actions.includes(verb)) {
    return mistake(`There is no command ${verb}; there are status, ${actions.join(", ")}, split`);
  }
  if (targets.length === 0) return mistake(`Say what to ${verb}: a node (node-1) or a zone (az-1)`);
  return { kind: "act", action: verb as TargetAction, targets, where };
}

function splitCommand(targets: readonly string[], digits: string | undefined, where: Where): Command {
  const [partition = "", ...more] = targets;
  if (!/^\d{1,15}$/.test(partition) || more.length > 0) {
    return mistake("Say which partition to split: one number from the GROUP column of the status");
  }
  const at = digits === undefined ? undefined : tokenBeginningWith(digits);
  if (digits !== undefined && at === undefined) return mistake(`--at takes 1 to 16 hexadecimal digits, not ${digits}`);
  return { kind: "split", partition: Number(partition), at, where };
}

function mistake(message: string): Command {
  return { kind: "mistake", message: message.endsWith(".") ? message : `${message}.` };
}
