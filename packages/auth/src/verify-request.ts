// Who sent this request? Verifies AWS Signature Version 4, in the Authorization header or presigned in the query,
// and refuses with DynamoDB's exceptions, in the order in which DynamoDB looks: form, time, headers, algorithm,
// scope, key, signature. Pure but for the memory of derived keys: time and secrets are arguments.
// The time of signing need not be among the signed headers: it is part of what is signed anyway.
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { canonicalRequest, parseQuery, type QueryParameter, type RequestHeaders } from "./canonical-request.ts";
import { type Claim, readClaim } from "./credentials.ts";
import { formatBasicTime, parseBasicTime } from "./signature-time.ts";
import type { SigningKeys } from "./signing-keys.ts";

export interface RequestToVerify {
  readonly method: string;
  /** As on the request line, without the query. */
  readonly path: string;
  /** What follows the question mark; empty when there is none. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: RequestHeaders;
  readonly body: Uint8Array;
}

export interface VerifyContext {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  findSecret(accessKeyId: string): string | undefined;
  readonly keys: SigningKeys;
  /** The only region accepted; undefined accepts every one. */
  readonly region?: string;
  readonly service?: string;
  /** Answers a wrong signature with the canonical string and the string to sign, as DynamoDB once did always. */
  readonly explainMismatch?: boolean;
}

export type VerifyResult =
  | { readonly kind: "ok"; readonly accessKeyId: string; readonly region: string }
  | { readonly kind: "refused"; readonly exception: DynamoDbException };

const minuteMs = 60_000;
const clockSkewMs = 5 * minuteMs;
const presignedDefaultMs = 15 * minuteMs;
const presignedSecondsMax = 7 * 24 * 3600;
const terminator = "aws4_request";
const algorithmName = "AWS4-HMAC-SHA256";
const regionForm = /^[a-z0-9][a-z0-9-]*$/;

export function verifyRequest(request: RequestToVerify, context: VerifyContext): VerifyResult {
  const query = parseQuery(request.query);
  if (query === undefined) return refuse("IncompleteSignatureException", "The query string is not well-formed.");
  const claim = readClaim(request.headers, query);
  if (claim instanceof DynamoDbException) return { kind: "refused", exception: claim };
  const timeRefusal = checkTime(claim, context.now);
  if (timeRefusal !== undefined) return timeRefusal;
  if (!`;${claim.signedHeaders.toLowerCase()};`.includes(";host;")) {
    return refuse(
      "InvalidSignatureException",
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
  }
  if (claim.algorithm !== algorithmName) {
    return refuse(
      "IncompleteSignatureException",
      `Unsupported AWS 'algorithm': '${claim.algorithm}' (only ${algorithmName} for now). `,
    );
  }
  return checkCredential(request, query, claim, context);
}

function checkTime(claim: Claim, now: number): VerifyResult | undefined {
  const signed = parseBasicTime(claim.time);
  if (signed === undefined) {
    return refuse(
      "IncompleteSignatureException",
      `Date must be in ISO-8601 'basic format'. Got '${claim.time}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  let validMs = clockSkewMs;
  if (claim.form === "presigned") {
    const seconds = claim.expires === undefined ? presignedDefaultMs / 1000 : Number(claim.expires);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > presignedSecondsMax) {
      return refuse(
        "IncompleteSignatureException",
        `X-Amz-Expires must be a number of seconds between 1 and ${presignedSecondsMax}. Got '${claim.expires}'.`,
      );
    }
    validMs = seconds * 1000;
  }
  if (signed < now - validMs) {
    const limit = formatBasicTime(now - validMs);
    return refuse(
      "InvalidSignatureException",
      `Signature expired: ${claim.time} is now earlier than ${limit} ` +
        `(${formatBasicTime(now)} - ${inMinutes(validMs)} min.)`,
    );
  }
  if (signed > now + clockSkewMs) {
    const limit = formatBasicTime(now + clockSkewMs);
    return refuse(
      "InvalidSignatureException",
      `Signature not yet current: ${claim.time} is still later than ${limit} ` +
        `(${formatBasicTime(now)} + ${inMinutes(clockSkewMs)} min.)`,
    );
  }
  return undefined;
}

function checkCredential(
  request: RequestToVerify,
  query: readonly QueryParameter[],
  claim: Claim,
  context: VerifyContext,
): VerifyResult {
  const parts = claim.credential.split("/");
  if (parts.length !== 5) {
    return refuse(
      "IncompleteSignatureException",
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, " +
        `got '${claim.credential}'`,
    );
  }
  const [accessKeyId, date, region, service, term] = parts as [string, string, string, string, string];
  const scopeErrors = findScopeErrors({ date, region, service, term }, claim.time, context);
  if (scopeErrors !== "") return refuse("InvalidSignatureException", scopeErrors);
  const secret = context.findSecret(accessKeyId);
  if (secret === undefined) {
    return refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  const canonical = canonicalRequest({
    method: request.method,
    path: request.path,
    query,
    headers: request.headers,
    signedHeaders: claim.signedHeaders,
    bodyHash: hash("sha256", request.body, "hex"),
  });
  const scope = `${date}/${region}/${service}/${terminator}`;
  const stringToSign = `${algorithmName}\n${claim.time}\n${scope}\n${hash("sha256", canonical, "hex")}`;
  const key = context.keys.key({ accessKeyId, date, region, service }, secret);
  const expected = createHmac("sha256", key).update(stringToSign, "utf8").digest();
  if (!equalSignature(expected, claim.signature)) {
    return refuse("InvalidSignatureException", mismatchMessage(canonical, stringToSign, context));
  }
  return { kind: "ok", accessKeyId, region };
}

function findScopeErrors(
  scope: { readonly date: string; readonly region: string; readonly service: string; readonly term: string },
  time: string,
  context: VerifyContext,
): string {
  const { date, region, service, term } = scope;
  const expectedService = context.service ?? "dynamodb";
  const regionAccepted = context.region === undefined ? regionForm.test(region) : region === context.region;
  let errors = "";
  if (!regionAccepted) errors += `Credential should be scoped to a valid region, not '${region}'. `;
  if (service !== expectedService) {
    errors += `Credential should be scoped to correct service: '${expectedService}'. `;
  }
  if (term !== terminator) {
    errors += `Credential should be scoped with a valid terminator: '${terminator}', not '${term}'. `;
  }
  if (date !== time.slice(0, 8)) {
    errors +=
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
      `'${date}' != '${time.slice(0, 8)}', from '${time}'.`;
  }
  return errors;
}

function equalSignature(expected: Buffer, claimed: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(claimed)) return false;
  return timingSafeEqual(expected, Buffer.from(claimed, "hex"));
}

function mismatchMessage(canonical: string, stringToSign: string, context: VerifyContext): string {
  const message =
    "The request signature we calculated does not match the signature you provided. " +
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
  if (context.explainMismatch !== true) return message;
  return (
    `${message}\n\nThe Canonical String for this request should have been\n'${canonical}'\n\n` +
    `The String-to-Sign should have been\n'${stringToSign}'\n`
  );
}

function inMinutes(milliseconds: number): number {
  return Math.round(milliseconds / minuteMs);
}

function refuse(type: string, message: string): VerifyResult {
  return { kind: "refused", exception: new DynamoDbException(type, message) };
}
