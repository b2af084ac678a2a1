// The small HTTP server that each process keeps for its operators: health, metrics, status and a few actions. Plain
// GETs and POSTs with JSON answers, on an address of its own, never on the clients' port. A web page in the operator's
// browser can reach that address too: it may press nothing (its POSTs name their origin), and what is told to
// this machine only is not told to it even if its host name was made to point here.
import { createServer, type Server } from "node:http";
import type { Logger } from "./logger.ts";

/** What a route answers: JSON, or text as it is. */
export type AdminAnswer =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly text: string; readonly contentType: string };

export interface AdminRequest {
  readonly query: URLSearchParams;
  /** True when the caller is on this very machine and is not a page of some web site. */
  readonly isLocal: boolean;
}

/** Keys are "GET /path" or "POST /path". */
export type AdminRoutes = Readonly<Record<string, (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>>>;

const requestTimeoutMs = 10_000;
const loopback = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

export function startAdminServer(
  options: { readonly host: string; readonly port: number; readonly routes: AdminRoutes; readonly log: Logger },
  listening: (port: number) => void,
): Server {
  const server = createServer((request, response) => {
    // Not new URL(): it throws at what a client may well send, such as "//".
    const [path, search] = splitOnce(request.url ?? "/", "?");
    const route = Object.hasOwn(options.routes, `${request.method} ${path}`)
      ? options.routes[`${request.method} ${path}`]
      : undefined;
    const answer = async (): Promise<AdminAnswer> => {
      const error = `no such page: ${request.method} ${path}`;
      if (route === undefined) return { status: 404, json: { error } };
      const { host = "", origin } = request.headers;
      if (request.method === "POST" && origin !== undefined) {
        return { status: 403, json: { error: "requests from web pages are refused" } };
      }
      const isLocal = loopback.has(request.socket.remoteAddress ?? "") && origin === undefined && isOwnHost(host);
      return route({ query: new URLSearchParams(search), isLocal });
    };
    request.resume();
    answer()
      .catch((error: unknown): AdminAnswer => {
        options.log.error("a page of the admin server failed", { path, error: String(error) });
        return { status: 500, json: { error: "internal error" } };
      })
      .then((result) => {
        const isText = "text" in result;
        const body = isText ? result.text : `${JSON.stringify(result.json)}\n`;
        response.writeHead(result.status, { "content-type": isText ? result.contentType : "application/json" });
        response.end(body);
      });
  });
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = requestTimeoutMs;
  server.on("error", (error) => {
    options.log.error("the admin server cannot listen", { error: error.message });
    throw error;
  });
  server.listen(options.port, options.host, () => {
    const address = server.address();
    listening(typeof address === "object" && address !== null ? address.port : options.port);
  });
  return server;
}

/** Whether a Host header names this machine itself, by a loopback address or as localhost. */
function isOwnHost(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d+)?$/i.test(host);
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const position = text.indexOf(separator);
  return position < 0 ? [text, ""] : [text.slice(0, position), text.slice(position + 1)];
}
