// CPU profiles of running servers, through the inspector that Node opens on a free port when it is told to
// by NODE_OPTIONS. A profile covers exactly the measured seconds of one operation, and not the start of the
// process.
import { readFileSync, writeFileSync } from "node:fs";

export const inspectorOptions = "--inspect=127.0.0.1:0";
const samplingIntervalMicroseconds = 500;

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** The inspector's address, which Node writes to standard error, and so to the process's log. */
export function inspectorAddress(logFile: string): string {
  const address = /Debugger listening on (ws:\/\/\S+)/.exec(readFileSync(logFile, "utf8"))?.[1];
  if (address === undefined) throw new Error(`no inspector is announced in ${logFile}`);
  return address;
}

export class Profiler {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown };
      if (message.id === undefined) return;
      this.#waiting.get(message.id)?.(message.result);
      this.#waiting.delete(message.id);
    });
  }

  static async connect(address: string): Promise<Profiler> {
    const socket = new WebSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`no inspector at ${address}`)));
    });
    const profiler = new Profiler(socket);
    await profiler.#ask("Profiler.enable");
    await profiler.#ask("Profiler.setSamplingInterval", { interval: samplingIntervalMicroseconds });
    return profiler;
  }

  async start(): Promise<void> {
    await this.#ask("Profiler.start");
  }

  async stop(file: string): Promise<CpuProfile> {
    const { profile } = (await this.#ask("Profiler.stop")) as { readonly profile: CpuProfile };
    writeFileSync(file, JSON.stringify(profile));
    return profile;
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string, params: unknown = {}): Promise<unknown> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}
