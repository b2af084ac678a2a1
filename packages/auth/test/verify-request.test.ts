// Signatures made by the AWS SDK's own signer, and the same ones tampered with by hand.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { SigningKeys } from "@azimuth/auth/signing-keys.ts";
import { type RequestToVerify, type VerifyContext, verifyRequest } from "@azimuth/auth/verify-request.ts";

const now = Date.UTC(2026, 10, 22, 10, 30, 0);
const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const keys = new SigningKeys();

class Sha256 {
  readonly #state;

  constructor(key?: string | Uint8Array | ArrayBuffer) {
    this.#state = key === undefined ? createHash("sha256") : createHmac("sha256", Buffer.from(key as Uint8Array));
  }

  update(data: string | Uint8Array): void {
    this.#state.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#state.digest();
  }
}

const signer = new SignatureV4({
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: secret },
  region: "eu-central-1",
  service: "dynamodb",
  sha256: Sha256 as never,
});

function context(over: Partial<VerifyContext> = {}): VerifyContext {
  return { now, keys, findSecret: (id) => (id === "AKIDEXAMPLE" ? secret : undefined), ...over };
}

interface Unsigned {
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function unsigned({ path = "/", query = {}, headers = {}, body = '{"TableName":"Musik ☂"}' }: Unsigned) {
  return {
    method: "POST",
    protocol: "http:",
    hostname: "localhost",
    path,
    query,
    headers: {
      host: "localhost:8000",
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "DynamoDB_20120810.DescribeTable",
      ...headers,
    },
    body,
  };
}

function received(signed: ReturnType<typeof unsigned>): RequestToVerify {
  const escape = (text: string): string => encodeURIComponent(text);
  const query = Object.entries(signed.query)
    .flatMap(([name, value]) => [value].flat().map((each) => `${escape(name)}=${escape(each)}`))
    .join("&");
  const headers = Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { method: "POST", path: signed.path, query, headers, body: Buffer.from(signed.body) };
}

async function sign(request: Unsigned = {}, signedAt = now): Promise<RequestToVerify> {
  return received((await signer.sign(unsigned(request), { signingDate: new Date(signedAt) })) as never);
}

async function presign(expiresIn: number, signedAt = now): Promise<RequestToVerify> {
  const signed = await signer.presign(unsigned({ body: "{}" }), { signingDate: new Date(signedAt), expiresIn });
  return received(signed as never);
}

function refusal(request: RequestToVerify, over: Partial<VerifyContext> = {}): readonly [string, string, number] {
  const result = verifyRequest(request, context(over));
  assert.ok(result.kind === "refused", "was accepted");
  return [result.exception.type, result.exception.message, result.exception.status];
}

function withHeader(request: RequestToVerify, name: string, value: string | undefined): RequestToVerify {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function withAuthorization(request: RequestToVerify, from: string | RegExp, to: string): RequestToVerify {
  const authorization = request.headers["authorization"] as string;
  const changed = authorization.replace(from, to);
  assert.notEqual(changed, authorization);
  return withHeader(request, "authorization", changed);
}

const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
  "and signing method. Consult the service documentation for details.";

test("what the SDK signed is accepted, with the key and region it was signed for", async () => {
  const result = verifyRequest(await sign(), context());
  assert.deepEqual(result, { kind: "ok", accessKeyId: "AKIDEXAMPLE", region: "eu-central-1" });
});

test("paths, queries and headers that need escaping or trimming are accepted", async () => {
  const requests: Unsigned[] = [
    { query: { b: "2", a: ["zwei & drei", "1"], "ü*": "(!)'~" } },
    { path: "/a b/ü%20/c" },
    { headers: { "x-amz-meta": "  two   spaces  " } },
    { body: "" },
  ];
  for (const request of requests) {
    const result = verifyRequest(await sign(request), context());
    assert.equal(result.kind, "ok", JSON.stringify(request));
  }
});

test("a presigned request is accepted until it expires", async () => {
  assert.equal(verifyRequest(await presign(3600, now - 3599_000), context()).kind, "ok");
  const [type, message] = refusal(await presign(3600, now - 3601_000));
  assert.equal(type, "InvalidSignatureException");
  assert.equal(
    message,
    "Signature expired: 20261122T092959Z is now earlier than 20261122T093000Z (20261122T103000Z - 60 min.)",
  );
});

test("a presigned request may live for seven days and no longer", async () => {
  const request = await presign(7 * 24 * 3600);
  assert.equal(verifyRequest(request, context()).kind, "ok");
  const longer = { ...request, query: request.query.replace("X-Amz-Expires=604800", "X-Amz-Expires=604801") };
  assert.equal(refusal(longer)[0], "IncompleteSignatureException");
  const shorter = { ...request, query: request.query.replace("X-Amz-Expires=604800", "X-Amz-Expires=604799") };
  assert.deepEqual(refusal(shorter), ["InvalidSignatureException", mismatch, 400]);
});

test("whatever of the request is changed after signing, the signature is refused", async () => {
  const request = await sign();
  const tampered: RequestToVerify[] = [
    { ...request, body: Buffer.from('{"TableName":"Other"}') },
    { ...request, method: "PUT" },
    { ...request, path: "/other" },
    { ...request, query: "a=1" },
    withHeader(request, "x-amz-target", "DynamoDB_20120810.DeleteTable"),
    withHeader(request, "host", "elsewhere"),
    withHeader(request, "x-amz-date", "20261122T103001Z"),
    withAuthorization(request, /Signature=./, "Signature=g"),
    withAuthorization(request, /Signature=.*/, "Signature=00"),
    withAuthorization(request, "eu-central-1", "us-east-1"),
    withAuthorization(request, "SignedHeaders=", "SignedHeaders=accept;"),
  ];
  for (const [position, each] of tampered.entries()) {
    assert.deepEqual(refusal(each), ["InvalidSignatureException", mismatch, 400], `tampering ${position}`);
  }
});

test("a wrong secret is refused, also when another request with the right one was accepted before", async () => {
  const request = await sign();
  assert.equal(verifyRequest(request, context()).kind, "ok");
  assert.equal(refusal(request, { findSecret: () => "another" })[1], mismatch);
  assert.equal(verifyRequest(request, context()).kind, "ok");
});

test("a mismatch is explained on demand, without the secret", async () => {
  const request = { ...(await sign()), body: Buffer.from("{}") };
  const [, message] = refusal(request, { explainMismatch: true });
  assert.ok(message.startsWith(`${mismatch}\n\nThe Canonical String for this request should have been\n'POST\n/\n\n`));
  assert.match(message, /\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20261122T103000Z\n/);
  assert.ok(!message.includes(secret));
});

test("an unknown key is refused", async () => {
  assert.deepEqual(refusal(await sign(), { findSecret: () => undefined }), [
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
    400,
  ]);
});

test("a request without a signature is told so", async () => {
  const missing = ["MissingAuthenticationTokenException", "Request is missing Authentication Token", 400] as const;
  assert.deepEqual(refusal(withHeader(await sign(), "authorization", undefined)), missing);
  assert.deepEqual(refusal(withHeader(await sign(), "authorization", "Bearer abc")), missing);
});

test("what an Authorization header lacks is listed", async () => {
  const request = withHeader(await sign(), "authorization", "AWS4-HMAC-SHA256 Signature=b");
  assert.deepEqual(refusal(withHeader(request, "x-amz-date", undefined)), [
    "IncompleteSignatureException",
    "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter. " +
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
      "Authorization=AWS4-HMAC-SHA256 Signature=b",
    400,
  ]);
});

test("a piece of the header that is no pair is quoted", async () => {
  const request = withHeader(await sign(), "authorization", "AWS4-HMAC-SHA256 Signature=b,  Credential");
  assert.deepEqual(refusal(request).slice(0, 2), [
    "IncompleteSignatureException",
    "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: " +
      "'AWS4-HMAC-SHA256 Signature=b,  Credential'.",
  ]);
});

test("what a presigned query lacks is listed", async () => {
  const request = { ...withHeader(await sign(), "authorization", undefined), query: "X-Amz-Algorithm=a&X-Amz-Date=b" };
  assert.deepEqual(refusal(request).slice(0, 2), [
    "IncompleteSignatureException",
    "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include " +
      "'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. " +
      "Re-examine the query-string parameters.",
  ]);
});

test("two signatures in one request are refused", async () => {
  const [type, message] = refusal({ ...(await sign()), query: "X-Amz-Algorithm=AWS4-HMAC-SHA256" });
  assert.equal(type, "InvalidSignatureException");
  assert.match(message, /^Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header\.$/);
});

test("a signature older than five minutes has expired, one from the future is not yet current", async () => {
  assert.equal(verifyRequest(await sign({}, now - 300_000), context()).kind, "ok");
  assert.equal(verifyRequest(await sign({}, now + 300_000), context()).kind, "ok");
  assert.deepEqual(refusal(await sign({}, now - 301_000)).slice(0, 2), [
    "InvalidSignatureException",
    "Signature expired: 20261122T102459Z is now earlier than 20261122T102500Z (20261122T103000Z - 5 min.)",
  ]);
  assert.deepEqual(refusal(await sign({}, now + 301_000)).slice(0, 2), [
    "InvalidSignatureException",
    "Signature not yet current: 20261122T103501Z is still later than 20261122T103500Z (20261122T103000Z + 5 min.)",
  ]);
});

test("a date that is none is quoted", async () => {
  for (const date of ["201", "20261399T000000Z", "2026-11-22T10:30:00Z"]) {
    assert.deepEqual(refusal(withHeader(await sign(), "x-amz-date", date)).slice(0, 2), [
      "IncompleteSignatureException",
      `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    ]);
  }
});

test("a Date header stands in for X-Amz-Date", async () => {
  const request = await sign();
  const onlyDate = withHeader(withHeader(request, "x-amz-date", undefined), "date", new Date(now).toUTCString());
  // The signed X-Amz-Date is gone, so the signature is wrong, but the time was understood.
  assert.equal(refusal(onlyDate)[1], mismatch);
});

test("the host must be signed", async () => {
  assert.deepEqual(refusal(withAuthorization(await sign(), "host;", "")).slice(0, 2), [
    "InvalidSignatureException",
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
  ]);
});

test("another algorithm, a malformed credential and a wrong scope are named", async () => {
  const request = await sign();
  assert.deepEqual(refusal(withAuthorization(request, "SHA256", "SHA25")).slice(0, 2), [
    "IncompleteSignatureException",
    "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ",
  ]);
  assert.deepEqual(refusal(withAuthorization(request, /Credential=[^,]*/, "Credential=a/b/c/d")).slice(0, 2), [
    "IncompleteSignatureException",
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c/d'",
  ]);
  const wrong = withAuthorization(request, /Credential=[^,]*/, "Credential=AKIDEXAMPLE/b/c/d/e");
  assert.deepEqual(refusal(wrong, { region: "eu-central-1" }).slice(0, 2), [
    "InvalidSignatureException",
    "Credential should be scoped to a valid region, not 'c'. " +
      "Credential should be scoped to correct service: 'dynamodb'. " +
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. " +
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
      "'b' != '20261122', from '20261122T103000Z'.",
  ]);
});

test("a malformed escape in the query is refused", async () => {
  assert.equal(refusal({ ...(await sign()), query: "a=%zz" })[0], "IncompleteSignatureException");
});
