// The door through which log lines leave. Fields are plain values; `requestId` is the field that ties the
// lines of one request together from the router to the replicas.

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  /** Whether debug lines are kept; a hot path asks before it makes one. */
  readonly isDebugging: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  isDebugging: false,
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
