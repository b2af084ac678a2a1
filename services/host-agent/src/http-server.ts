// The door through which operators' requests enter: node:http around an HttpHandler, with limits on everything a
// client could make long. Malformed input is answered with a status and one sentence.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { failure, refuseForeign, type HttpHandler, type HttpReply } from "./http.ts";

const bodyBytesMax = 64 * 1024;
const connectionsMax = 256;

export interface HttpServer {
  /** host:port it listens on, with the port the system chose when 0 was asked for. */
  readonly address: string;
  close(): Promise<void>;
}

export interface HttpServerOptions {
  /** host:port. */
  readonly listen: string;
  readonly handler: HttpHandler;
  /** Sent with every reply. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly failed: (error: unknown) => void;
}

export function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 });
  server.maxConnections = connectionsMax;
  server.on("request", (request, response) => {
    answer(options, request).then(
      (reply) => send(options, request, response, reply),
      (error: unknown) => {
        options.failed(error);
        send(options, request, response, failure(500, "The request failed; the log tells why."));
      },
    );
  });
  const { host, port } = splitAddress(options.listen);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve({ address: `${host}:${(server.address() as AddressInfo).port}`, close: () => closeServer(server) });
    });
  });
}

export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const port = Number(address.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`"${address}" is not an address of the form host:port`);
  }
  return { host: address.slice(0, colon), port };
}

async function answer(options: HttpServerOptions, request: IncomingMessage): Promise<HttpReply> {
  const method = request.method ?? "GET";
  const headers = request.headers as Record<string, string | undefined>;
  const refusal = refuseForeign({ method, headers });
  if (refusal !== undefined) return refusal;
  const text = await readBody(request);
  if (text === undefined) return failure(413, `The body is longer than ${bodyBytesMax} bytes.`);
  let body: unknown;
  try {
    body = text === "" ? undefined : JSON.parse(text);
  } catch {
    return failure(400, "The body is not JSON.");
  }
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  return options.handler({ method, path, headers, body });
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(
  options: HttpServerOptions, request: IncomingMessage, response: ServerResponse, reply: HttpReply,
): void {
  const raw = typeof reply.body === "string" || reply.body instanceof Uint8Array;
  const body = raw ? Buffer.from(reply.body as string | Uint8Array) : Buffer.from(`${JSON.stringify(reply.body)}\n`);
  response.writeHead(reply.status, {
    "content-type": reply.contentType ?? (raw ? "text/plain; charset=utf-8" : "application/json"),
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...options.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
