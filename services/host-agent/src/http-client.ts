// The door to other processes' HTTP interfaces: one JSON request with a time limit. A paused process accepts a
// connection and then says nothing, so the limit covers the whole exchange. The body is kept as text when it is
// not JSON. Connections are not kept: the other side may be killed at any moment.
import { request } from "node:http";
import type { FetchJson, FetchOptions, FetchResult } from "./http.ts";

const replyBytesMax = 16 * 1024 * 1024;

export function createFetchJson(): FetchJson {
  return (url, options) => new Promise((resolve) => exchange(url, options, resolve));
}

function exchange(url: string, options: FetchOptions, resolve: (result: FetchResult) => void): void {
  const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
  const outgoing = request(url, {
    method: options.method ?? "GET",
    agent: false,
    headers: payload === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) },
    signal: AbortSignal.timeout(options.timeoutMs),
  });
  const fail = (error: Error): void => {
    const late = error.name === "AbortError" || error.name === "TimeoutError";
    const code = (error as NodeJS.ErrnoException).code;
    const reason = late ? `no answer within ${options.timeoutMs} ms` : (code ?? error.message);
    resolve({ kind: "unreachable", reason });
  };
  outgoing.once("error", fail);
  outgoing.once("response", (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > replyBytesMax) response.destroy(new Error("the reply is too long"));
      else chunks.push(chunk);
    });
    response.once("error", fail);
    response.once("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      resolve({ kind: "reply", status: response.statusCode ?? 0, body: parsed(text) });
    });
  });
  outgoing.end(payload);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
