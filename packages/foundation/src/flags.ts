// Command-line flags of the services, each with an environment variable of the same name (`--log-level` and
// AZIMUTH_LOG_LEVEL). Bad ones end in one clear sentence, thrown as FlagError.
import { parseArgs } from "node:util";

export class FlagError extends Error {}

export interface FlagSpecification {
  readonly kind: "text" | "boolean";
  readonly default?: string | undefined;
  /** Must be given, here or by the environment. */
  readonly required?: boolean;
}

export type FlagValues<Specification extends Record<string, FlagSpecification>> = {
  readonly [Name in keyof Specification]: Specification[Name]["kind"] extends "boolean" ? boolean : string;
};

/** `environment` is process.env; texts that are neither required nor given are "". */
export function parseFlags<const Specification extends Record<string, FlagSpecification>>(
  specification: Specification,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): FlagValues<Specification> {
  const options: Record<string, { type: "string" | "boolean" }> = {};
  for (const [name, { kind }] of Object.entries(specification)) {
    options[name] = { type: kind === "boolean" ? "boolean" : "string" };
  }
  let given: Record<string, string | boolean | undefined>;
  try {
    given = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values as typeof given;
  } catch (error) {
    throw new FlagError((error as Error).message.split(". To specify")[0] as string);
  }
  const values: Record<string, string | boolean> = {};
  for (const [name, { kind, default: fallback, required }] of Object.entries(specification)) {
    const variable = `AZIMUTH_${name.toUpperCase().replaceAll("-", "_")}`;
    const inherited = environment[variable];
    if (kind === "boolean") {
      values[name] = given[name] === true || inherited === "1" || inherited === "true";
      continue;
    }
    const value = given[name] ?? inherited ?? fallback;
    if (value === undefined && required === true) throw new FlagError(`--${name} (or ${variable}) is missing`);
    values[name] = value ?? "";
  }
  return values as FlagValues<Specification>;
}

/** host:port, as flags give listen addresses. */
export function parseListen(flag: string, text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) throw new FlagError(`--${flag}: "${text}" is not of the form host:port`);
  return { host: match[1] as string, port };
}
