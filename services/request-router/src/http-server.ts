// The HTTP front: DynamoDB's protocol (POST / with X-Amz-Target) over node:http. It collects a request whole,
// hands it on, and sends the answer with DynamoDB's headers; it knows nothing of operations or signatures.
//
// What a client sends is bounded in size and time: headers, body, requests under way on one connection, and
// connections. Bytes that are not HTTP, bodies that break off and clients that stall cost their connection and
// nothing else. `drain` stops accepting, answers what is under way with `Connection: close`, then closes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { crc32 } from "./crc32.ts";
import {
  healthyAnswer, type HttpAnswer, jsonTypeOf, notOfTheProtocol, parseTarget, type Target, tooLarge, unknownOperation,
} from "./http-answer.ts";
import { defaultHttpLimits, type HttpLimits } from "./http-limits.ts";
import { createRequestId } from "./request-id.ts";

export interface HttpRequest {
  /** Sent back as x-amzn-RequestId. */
  readonly requestId: string;
  readonly target: Target;
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Names in lower case; of a header that came several times, node:http's joined value. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Address of the client. */
  readonly remote: string;
}

const protocolType = "application/x-amz-json-1.0";

export type Respond = (answer: HttpAnswer) => void;

export interface HttpServerConfig {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits?: HttpLimits;
  /** Answers by calling `respond` once, now or later. */
  handle(request: HttpRequest, respond: Respond): void;
  /** Whether /health says 200; without it, always until draining. */
  isHealthy?(): boolean;
  /** Answers a GET of another path, such as /metrics, and returns true; or returns false. */
  handleGet?(path: string, respond: Respond): boolean;
  onListening?(port: number): void;
}

export interface HttpServer {
  /** `done` is called when the last connection is closed. */
  drain(done: () => void): void;
  /** Closes everything at once. */
  close(done: () => void): void;
  readonly requestsUnderWay: number;
}

export function createHttpServer(config: HttpServerConfig): HttpServer {
  return new HttpFront(config);
}

interface Connection {
  /** Requests that have begun to arrive and are not answered. */
  underWay: number;
  open: boolean;
}

class HttpFront implements HttpServer {
  readonly #config: HttpServerConfig;
  readonly #limits: HttpLimits;
  readonly #server: Server;
  readonly #connectionBySocket = new WeakMap<Socket, Connection>();
  requestsUnderWay = 0;
  #draining = false;
  #drainDeadline: Timer | undefined;

  constructor(config: HttpServerConfig) {
    this.#config = config;
    const limits = config.limits ?? defaultHttpLimits;
    this.#limits = limits;
    this.#server = createServer({
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      keepAliveTimeout: limits.keepAliveMs,
      noDelay: true,
    });
    this.#server.maxConnections = limits.connectionsMax;
    this.#server.setTimeout(limits.stalledMs, (socket: Socket) => socket.destroy());
    this.#server.on("connection", (socket) => this.#connect(socket));
    this.#server.on("request", (request, response) => this.#receive(request, response));
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      this.#clientError(error, socket as Socket);
    });
    this.#server.listen(config.port, config.host, () => {
      const { port } = this.#server.address() as AddressInfo;
      config.log.info("listening for clients", { host: config.host, port });
      config.onListening?.(port);
    });
  }

  drain(done: () => void): void {
    assert(!this.#draining, "a server is drained or closed once");
    this.#draining = true;
    this.#drainDeadline = this.#config.clock.after(this.#limits.drainMs, () => this.#server.closeAllConnections());
    this.#server.close(() => {
      this.#drainDeadline?.cancel();
      done();
    });
    this.#server.closeIdleConnections();
  }

  close(done: () => void): void {
    this.#draining = true;
    this.#drainDeadline?.cancel();
    this.#server.close(() => done());
    this.#server.closeAllConnections();
  }

  /** Collects the body, unless it breaks off, and goes on with the whole request. */
  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#admit(request.socket, response)) return;
    const { bodyBytesMax, discardedBytesMax } = this.#limits;
    let chunks: Buffer[] = [];
    let bodyBytes = 0;
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => {
      bodyBytes += chunk.length;
      if (bodyBytes <= bodyBytesMax) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (bodyBytes <= discardedBytesMax || response.headersSent) return;
      response.shouldKeepAlive = false;
      this.#respond(response, createRequestId(this.#config.random), tooLarge);
    });
    request.on("end", () => {
      if (response.headersSent) return;
      if (bodyBytes > bodyBytesMax) this.#respond(response, createRequestId(this.#config.random), tooLarge);
      else this.#dispatch(request, response, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
  }

  #connect(socket: Socket): void {
    const connection: Connection = { underWay: 0, open: true };
    this.#connectionBySocket.set(socket, connection);
    socket.on("close", () => {
      connection.open = false;
      this.requestsUnderWay -= connection.underWay;
    });
  }

  /** Counts the request as under way until its response is sent or its connection is gone. */
  #admit(socket: Socket, response: ServerResponse): boolean {
    const connection = this.#connectionBySocket.get(socket) as Connection;
    if (connection.underWay >= this.#limits.pipelinedMax) {
      this.#config.log.warn("too many requests on one connection", { remote: socket.remoteAddress });
      socket.destroy();
      return false;
    }
    connection.underWay++;
    this.requestsUnderWay++;
    response.on("finish", () => {
      connection.underWay--;
      if (connection.open) this.requestsUnderWay--;
    });
    return true;
  }

  #dispatch(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { method = "", url = "/" } = request;
    // Only Set-Cookie, which no client sends, would be a list.
    const headers = request.headers as Readonly<Record<string, string | undefined>>;
    const requestId = createRequestId(this.#config.random);
    if (method === "GET" || method === "HEAD") {
      this.#get(url.split("?", 1)[0] as string, (answer) => this.#respond(response, requestId, answer));
      return;
    }
    const jsonType = jsonTypeOf(headers["content-type"], body.length);
    if (method !== "POST" || jsonType === undefined) {
      this.#respond(response, requestId, notOfTheProtocol);
      return;
    }
    const target = parseTarget(headers["x-amz-target"]);
    if (target === undefined) {
      this.#respond(response, requestId, unknownOperation(), jsonType);
      return;
    }
    const remote = request.socket.remoteAddress ?? "";
    this.#config.handle({ requestId, target, method, url, headers, body, remote }, (answer) =>
      this.#respond(response, requestId, answer, jsonType),
    );
  }

  #get(path: string, respond: Respond): void {
    if (path === "/health") {
      const healthy = !this.#draining && (this.#config.isHealthy?.() ?? true);
      respond({ status: healthy ? 200 : 503, body: healthy ? "healthy" : "unhealthy", contentType: "text/plain" });
      return;
    }
    if (path !== "/" && path !== "/ping" && this.#config.handleGet?.(path, respond) === true) return;
    respond(healthyAnswer(this.#config.region));
  }

  #respond(response: ServerResponse, id: string, answer: HttpAnswer, jsonType: string = protocolType): void {
    assert(!response.headersSent, "a request is answered once");
    // The client may be gone by now.
    if (response.destroyed || response.req.socket.destroyed) return;
    if (this.#draining) response.shouldKeepAlive = false;
    const { status, body, contentType, replicas } = answer;
    response.writeHead(status, [
      "Server", "Server",
      "Content-Type", contentType ?? jsonType,
      "Content-Length", String(typeof body === "string" ? Buffer.byteLength(body, "utf8") : body.length),
      "x-amzn-RequestId", id,
      "x-amz-crc32", String(crc32(body)),
      ...(replicas === undefined ? [] : ["x-azimuth-replica", replicas]),
    ]);
    response.end(body);
  }

  /** Not HTTP, too long, too slow, or gone. The connection is not usable afterwards. */
  #clientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const underWay = this.#connectionBySocket.get(socket)?.underWay ?? 0;
    this.#config.log.debug("closing a connection", { remote: socket.remoteAddress, code: error.code ?? error.message });
    if (!socket.writable || underWay > 0 || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    socket.end(`HTTP/1.1 ${statusLineFor(error.code)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => {
      socket.destroy();
    });
  }
}

function statusLineFor(code: string | undefined): string {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return "431 Request Header Fields Too Large";
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "408 Request Timeout";
    default:
      return "400 Bad Request";
  }
}
