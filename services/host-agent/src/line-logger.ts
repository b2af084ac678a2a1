// The agent's few lines, as JSON on standard output. It starts before everything else of a local cluster, so it
// does not load the logging library that the other processes use; the lines have the same form.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { LogFields, Logger } from "@azimuth/foundation/logger.ts";

export function createLineLogger(clock: Clock, write: (line: string) => void, fields: LogFields): Logger {
  const line = (level: string) => (message: string, more: LogFields = {}): void => {
    const timestamp = new Date(clock.wallNow()).toISOString();
    write(`${JSON.stringify({ timestamp, level, message, ...fields, ...more })}\n`);
  };
  return {
    isDebugging: true,
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: (more) => createLineLogger(clock, write, { ...fields, ...more }),
  };
}
