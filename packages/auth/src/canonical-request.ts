// The canonical form of a request that Signature Version 4 signs: method, path, query, the signed headers, their
// names and the hash of the body, a line each. Client and server must arrive at the same bytes.
// Source: AWS Signature Version 4, "Create a canonical request".

export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A query parameter, decoded. */
export type QueryParameter = readonly [name: string, value: string];

export interface CanonicalParts {
  readonly method: string;
  /** As on the request line, without the query. */
  readonly path: string;
  readonly query: readonly QueryParameter[];
  readonly headers: RequestHeaders;
  /** Names as the client listed them: lower case, sorted, separated by semicolons. */
  readonly signedHeaders: string;
  readonly bodyHash: string;
}

export function canonicalRequest(parts: CanonicalParts): string {
  const { method, path, query, headers, signedHeaders, bodyHash } = parts;
  let lines = `${method}\n${canonicalPath(path)}\n${query.length === 0 ? "" : canonicalQuery(query)}\n`;
  for (const name of signedHeaders.split(";")) lines += `${name}:${canonicalHeader(headers[name])}\n`;
  return `${lines}\n${signedHeaders}\n${bodyHash}`;
}

/** Undefined when an escape in the query is malformed. */
export function parseQuery(query: string): readonly QueryParameter[] | undefined {
  if (query === "") return [];
  try {
    return query.split("&").filter((pair) => pair !== "").map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decodeURIComponent(name), decodeURIComponent(value)] as const;
    });
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Every service but S3 escapes the path of the request line once more. */
function canonicalPath(path: string): string {
  return path === "/" || path === "" ? "/" : path.split("/").map(escape).join("/");
}

function canonicalQuery(query: readonly QueryParameter[]): string {
  return query
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .sort()
    .join("&");
}

function canonicalHeader(value: string | readonly string[] | undefined): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : value.join(",");
  const trimmed = text.trim();
  return trimmed.includes("  ") ? trimmed.replace(/ {2,}/g, " ") : trimmed;
}

/** RFC 3986: everything but the unreserved characters. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
