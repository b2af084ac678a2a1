// Signing keys, derived from a secret for one day, region and service by four HMACs, and remembered: a client
// signs every request of a day with the same one. They are kept as KeyObjects: an HMAC with one takes a sixth of
// what it takes with the bytes of a key. The memory is bounded; when it is full it starts afresh.
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

const keysMax = 1000;

export interface KeyScope {
  readonly accessKeyId: string;
  /** YYYYMMDD. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export class SigningKeys {
  readonly #byScope = new Map<string, { readonly secret: string; readonly key: KeyObject }>();

  key(scope: KeyScope, secret: string): KeyObject {
    const name = `${scope.accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
    const known = this.#byScope.get(name);
    if (known !== undefined && known.secret === secret) return known.key;
    const key = createSecretKey(deriveKey(scope, secret));
    if (this.#byScope.size >= keysMax) this.#byScope.clear();
    this.#byScope.set(name, { secret, key });
    return key;
  }
}

function deriveKey({ date, region, service }: KeyScope, secret: string): Buffer {
  let key: Buffer = Buffer.from(`AWS4${secret}`, "utf8");
  for (const part of [date, region, service, "aws4_request"]) key = hmac(key, part);
  return key;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}
