// The small HTTP vocabulary of the operators' interfaces (agent, console): a request with a parsed JSON body, a
// reply, and the rule that keeps a web page in the operator's browser from pressing the buttons: a request that
// changes something must be JSON (which a foreign page cannot send without permission), must not carry a foreign
// Origin, and every request must name this host by an address or a plain name (which defeats DNS rebinding).

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

export interface HttpReply {
  readonly status: number;
  /** Sent as JSON unless it is text or bytes, which need a content type. */
  readonly body: unknown;
  readonly contentType?: string;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;

export type FetchResult =
  | { readonly kind: "reply"; readonly status: number; readonly body: unknown }
  | { readonly kind: "unreachable"; readonly reason: string };

export interface FetchOptions {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** The door to other processes' HTTP interfaces. Never rejects. */
export type FetchJson = (url: string, options: FetchOptions) => Promise<FetchResult>;

export function failure(status: number, error: string): HttpReply {
  return { status, body: { error } };
}

/** The reply that refuses a request no operator's tool would send; undefined when it may pass. */
export function refuseForeign(request: Pick<HttpRequest, "method" | "headers">): HttpReply | undefined {
  const host = request.headers["host"] ?? "";
  if (!isPlainHost(host)) return failure(403, `The host name "${host}" is not served here.`);
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const origin = request.headers["origin"];
  if (origin !== undefined && origin !== `http://${host}`) {
    return failure(403, "Requests from other sites are refused.");
  }
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim();
  if (type !== "application/json") return failure(415, "The content type must be application/json.");
  return undefined;
}

/** An IP address, localhost, or a name without dots, as container networks have; each with an optional port. */
function isPlainHost(host: string): boolean {
  return /^(\[[0-9a-f:.]+\]|\d{1,3}(\.\d{1,3}){3}|[a-z0-9_-]+|[a-z0-9-]+\.localhost)(:\d+)?$/i.test(host);
}
