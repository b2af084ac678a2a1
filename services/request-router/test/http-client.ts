// A client of bare sockets, for what well-behaved HTTP clients never send, and a server to send it to.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { defaultHttpLimits, type HttpLimits } from "@azimuth/request-router/http-limits.ts";
import {
  createHttpServer, type HttpRequest, type HttpServer, type HttpServerConfig, type Respond,
} from "@azimuth/request-router/http-server.ts";

export interface TestServer {
  readonly server: HttpServer;
  readonly port: number;
  readonly handled: HttpRequest[];
  connect(): RawClient;
}

export interface TestServerOptions extends Partial<Pick<HttpServerConfig, "isHealthy" | "handleGet">> {
  readonly limits?: Partial<HttpLimits>;
  readonly handle?: (request: HttpRequest, respond: Respond) => void;
}

/** Runs `body` against a server that echoes bodies unless told otherwise, then closes everything. */
export async function withServer(options: TestServerOptions, body: (world: TestServer) => Promise<void>): Promise<void> {
  const { limits = {}, handle, ...rest } = options;
  const handled: HttpRequest[] = [];
  const clients: RawClient[] = [];
  const { promise: listening, resolve: onListening } = Promise.withResolvers<number>();
  const server = createHttpServer({
    host: "127.0.0.1",
    port: 0,
    region: "local",
    clock: createRealClock(),
    random: createSeededRandom(1),
    log: silentLogger,
    limits: { ...defaultHttpLimits, timeoutCheckMs: 20, ...limits },
    handle(request, respond) {
      handled.push(request);
      if (handle === undefined) respond({ status: 200, body: request.body });
      else handle(request, respond);
    },
    onListening,
    ...rest,
  });
  const port = await listening;
  const connectClient = (): RawClient => {
    const client = new RawClient(port);
    clients.push(client);
    return client;
  };
  try {
    await body({ server, port, handled, connect: connectClient });
  } finally {
    for (const client of clients) client.socket.destroy();
    await new Promise<void>((resolve) => server.close(resolve));
  }
}

export class RawClient {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  readonly closed: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve()));
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** Waits until what came matches, or the connection is closed. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received.toString("latin1")) && !this.socket.closed) {
      await Promise.race([once(this.socket, "data"), this.closed]);
    }
    return this.received.toString("latin1");
  }

  /** The next response, by its Content-Length. */
  async response(): Promise<{ status: number; headers: Record<string, string>; body: string }> {
    const head = /^HTTP\/1\.1 (\d+) [^\r]*\r\n([^]*?)\r\n\r\n/;
    for (;;) {
      const text = this.received.toString("latin1");
      const match = head.exec(text);
      if (match !== null) {
        const headers = Object.fromEntries(
          (match[2] as string).split("\r\n").map((line) => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
          }),
        );
        const end = match[0].length + Number(headers["content-length"]);
        if (text.length >= end) {
          const body = this.received.subarray(match[0].length, end).toString();
          this.received = this.received.subarray(end);
          return { status: Number(match[1]), headers, body };
        }
      }
      if (this.socket.closed) throw new Error(`closed after ${JSON.stringify(text)}`);
      await Promise.race([once(this.socket, "data"), this.closed]);
    }
  }
}

export function post(body: string, headers: Readonly<Record<string, string>> = {}, line = "POST / HTTP/1.1"): string {
  const all = {
    Host: "localhost",
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.GetItem",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== "").map(([name, value]) => `${name}: ${value}`);
  return `${line}\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}
