// A lean HTTP client for the load generator: one keep-alive connection, one request at a time, bodies by
// Content-Length. It reads what DynamoDB's servers send, and nothing else of HTTP.
import { connect, type Socket } from "node:net";
import type { DynamoRequest } from "./operations.ts";
import { createSigner, type Sign, type SigningIdentity } from "./sign.ts";

export interface DynamoTarget extends SigningIdentity {
  readonly host: string;
  readonly port: number;
}

export interface DynamoAnswer {
  readonly status: number;
  readonly body: string;
}

export class DynamoConnection {
  readonly #socket: Socket;
  readonly #sign: Sign;
  readonly #host: string;
  #received: Buffer = Buffer.alloc(0);
  #settle: { resolve(answer: DynamoAnswer): void; reject(error: Error): void } | undefined;

  constructor(target: DynamoTarget) {
    this.#host = `${target.host}:${target.port}`;
    this.#sign = createSigner(target);
    this.#socket = connect({ host: target.host, port: target.port, noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  send({ target, body }: DynamoRequest): Promise<DynamoAnswer> {
    const bytes = Buffer.from(body);
    const { date, authorization } = this.#sign(this.#host, target, bytes);
    const head =
      `POST / HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/x-amz-json-1.0\r\n` +
      `X-Amz-Target: DynamoDB_20120810.${target}\r\nX-Amz-Date: ${date}\r\n` +
      `Authorization: ${authorization}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(Buffer.concat([Buffer.from(head, "latin1"), bytes]));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#received.toString("latin1", 0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) return this.#fail(new Error(`an answer without Content-Length: ${head}`));
    const end = headEnd + 4 + Number(length);
    if (this.#received.length < end) return;
    const body = this.#received.toString("utf8", headEnd + 4, end);
    this.#received = Buffer.alloc(0);
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve({ status: Number(head.slice(9, 12)), body });
  }

  #fail(error: Error): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(error);
  }
}

/** One request on a connection of its own; anything but success is an error. */
export async function sendOnce(target: DynamoTarget, request: DynamoRequest): Promise<unknown> {
  const connection = new DynamoConnection(target);
  try {
    const { status, body } = await connection.send(request);
    if (status !== 200) throw new Error(`${request.target} was answered ${status}: ${body}`);
    return JSON.parse(body);
  } finally {
    connection.close();
  }
}
