// Command-line flags of the services, each with an environment variable of the same name (`--log-level` and
// AZIMUTH_LOG_LEVEL), and of the scripts. Bad ones end in one clear sentence, thrown as FlagError.
import { parseArgs, type ParseArgsConfig } from "node:util";

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
  const given = parseWords(options, argv) as Record<string, string | boolean | undefined>;
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

/** What node:util's parseArgs makes of the words after a script's name; anything it does not know is refused. */
export function parseWords<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  options: Options,
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: Options }>>["values"] {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new FlagError((error as Error).message.split(/\. To specify|\n/)[0] as string);
  }
}

/** The number that a flag was given. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  const isPlain = /^\d+$/.test(text);
  if (isPlain && value >= least && value <= most) return value;
  throw new FlagError(`--${flag} is a whole number from ${least} to ${most}, not "${text}"`);
}

/** The name that a flag was given, one of these. */
export function oneOf(flag: string, text: string, names: readonly string[]): string {
  if (names.includes(text)) return text;
  throw new FlagError(`--${flag}: there is no "${text}"; there are ${names.join(", ")}`);
}

/** host:port, as flags give listen addresses. */
export function parseListen(flag: string, text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65535) throw new FlagError(`--${flag}: "${text}" is not of the form host:port`);
  return { host: match[1] as string, port };
}
