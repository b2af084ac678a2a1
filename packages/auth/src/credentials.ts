// What a request says about its signature, from the Authorization header or, in a presigned request, from the
// query: read without judging it, or refused with the texts in which DynamoDB names what is missing.
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { QueryParameter, RequestHeaders } from "./canonical-request.ts";
import { basicTimeOfDateHeader } from "./signature-time.ts";

export interface Claim {
  readonly form: "header" | "presigned";
  readonly algorithm: string;
  /** `keyid/date/region/service/aws4_request`, unverified. */
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  /** Time of signing, in basic form if the client kept to it. */
  readonly time: string;
  /** X-Amz-Expires of a presigned request, as given. */
  readonly expires: string | undefined;
}

const usualForm =
  /^(AWS4-HMAC-SHA256) Credential=([^\s,=]+), ?SignedHeaders=([^\s,=]+), ?Signature=([^\s,=]+)$/;

export function readClaim(headers: RequestHeaders, query: readonly QueryParameter[]): Claim | DynamoDbException {
  const authorization = one(headers["authorization"]);
  const presigned = query.some(([name]) => name === "X-Amz-Algorithm");
  if (authorization !== undefined && presigned) {
    return new DynamoDbException(
      "InvalidSignatureException",
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  if (presigned) return readPresigned(query);
  if (authorization === undefined || !authorization.trimStart().startsWith("AWS4-")) {
    return new DynamoDbException("MissingAuthenticationTokenException", "Request is missing Authentication Token");
  }
  return readHeader(authorization, headers);
}

function readHeader(authorization: string, headers: RequestHeaders): Claim | DynamoDbException {
  const dateHeader = one(headers["date"]);
  const time = one(headers["x-amz-date"]) ?? (dateHeader && basicTimeOfDateHeader(dateHeader));
  const usual = usualForm.exec(authorization);
  if (usual !== null && time) {
    const [, algorithm, credential, signedHeaders, signature] = usual as unknown as string[];
    return { form: "header", algorithm, credential, signedHeaders, signature, time, expires: undefined } as Claim;
  }
  const [algorithm = "", ...pieces] = authorization.trim().split(/[\s,]+/).filter((piece) => piece !== "");
  const valueByName = new Map<string, string>();
  for (const piece of pieces) {
    const equals = piece.indexOf("=");
    if (equals < 0) {
      return incomplete(
        `'${piece}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`,
      );
    }
    valueByName.set(piece.slice(0, equals), piece.slice(equals + 1));
  }
  let missing = "";
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!valueByName.get(name)) missing += `Authorization header requires '${name}' parameter. `;
  }
  if (!time) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing !== "") return incomplete(`${missing}Authorization=${authorization}`);
  const value = (name: string): string => valueByName.get(name) as string;
  return {
    form: "header",
    algorithm,
    credential: value("Credential"),
    signedHeaders: value("SignedHeaders"),
    signature: value("Signature"),
    time: time as string,
    expires: undefined,
  };
}

function readPresigned(query: readonly QueryParameter[]): Claim | DynamoDbException {
  const valueByName = new Map(query);
  let missing = "";
  for (const part of ["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"]) {
    const name = `X-Amz-${part}`;
    if (!valueByName.get(name)) missing += `AWS query-string parameters must include '${name}'. `;
  }
  if (missing !== "") return incomplete(`${missing}Re-examine the query-string parameters.`);
  const value = (name: string): string => valueByName.get(name) as string;
  return {
    form: "presigned",
    algorithm: value("X-Amz-Algorithm"),
    credential: value("X-Amz-Credential"),
    signedHeaders: value("X-Amz-SignedHeaders"),
    signature: value("X-Amz-Signature"),
    time: value("X-Amz-Date"),
    expires: valueByName.get("X-Amz-Expires"),
  };
}

function incomplete(message: string): DynamoDbException {
  return new DynamoDbException("IncompleteSignatureException", message);
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" || value === undefined ? value : value[0];
}
