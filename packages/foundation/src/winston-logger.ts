// The real Logger: winston, one JSON object per line, to stdout and, if asked, to a file. A line has `timestamp`
// (ISO 8601), `level` and `message` first, then the fields of the logger and of the line.
import { createLogger, format, type Logger as Winston, transports } from "winston";
import type { LogFields, Logger } from "./logger.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Throws an Error with one clear sentence for any other text. */
export function logLevel(text: string): LogLevel {
  if (text === "debug" || text === "info" || text === "warn" || text === "error") return text;
  throw new Error(`--log-level: "${text}" is none of debug, info, warn, error`);
}

export interface WinstonLoggerConfig {
  /** Lines below this level are dropped. */
  readonly level: LogLevel;
  /** On every line: the process, its zone. */
  readonly fields: LogFields;
  /** Path of a file that gets every line too. */
  readonly file?: string;
  /** In place of stdout. */
  readonly stream?: NodeJS.WritableStream;
}

export interface ClosableLogger extends Logger {
  /** Writes out what is still buffered. */
  close(done: () => void): void;
}

export function createWinstonLogger(config: WinstonLoggerConfig): ClosableLogger {
  const { level, fields, file, stream = process.stdout } = config;
  const destinations = [
    new transports.Stream({ stream, eol: "\n" }),
    ...(file === undefined ? [] : [new transports.File({ filename: file, eol: "\n" })]),
  ];
  const winston = createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: format.combine(format.timestamp(), format.printf(toLine)),
    transports: destinations,
    exitOnError: false,
  });
  return {
    ...withFields(winston, fields),
    close(done) {
      let open = destinations.length;
      for (const destination of destinations) {
        destination.once("finish", () => {
          if (--open === 0) done();
        });
      }
      winston.end();
    },
  };
}

function toLine({ timestamp, level, message, ...fields }: Record<string, unknown>): string {
  return JSON.stringify({ timestamp, level, message, ...fields });
}

function withFields(winston: Winston, fields: LogFields): Logger {
  const at = (level: LogLevel) => (message: string, lineFields?: LogFields): void => {
    if (!winston.isLevelEnabled(level)) return;
    winston.log({ ...fields, ...lineFields, level, message });
  };
  return {
    isDebugging: winston.isLevelEnabled("debug"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (more) => withFields(winston, { ...fields, ...more }),
  };
}
