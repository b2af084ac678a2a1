// Signs DynamoDB requests with AWS Signature Version 4 as cheaply as it can be done: the derived key and the
// date are remembered, and only the host and the target are signed besides the body. It runs in the load
// generator, whose CPU time is not counted.
import { createHmac, hash } from "node:crypto";

export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

export interface Signature {
  readonly date: string;
  readonly authorization: string;
}

export type Sign = (host: string, target: string, body: Uint8Array) => Signature;

export function createSigner({ accessKeyId, secretAccessKey, region }: SigningIdentity): Sign {
  let second = 0;
  let date = "";
  let scope = "";
  let key: Buffer = Buffer.alloc(0);
  const renew = (now: number): void => {
    second = now;
    date = `${new Date(now * 1000).toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
    const day = date.slice(0, 8);
    if (scope.startsWith(day)) return;
    scope = `${day}/${region}/dynamodb/aws4_request`;
    key = Buffer.from(`AWS4${secretAccessKey}`);
    for (const part of [day, region, "dynamodb", "aws4_request"]) {
      key = createHmac("sha256", key).update(part).digest();
    }
  };
  return (host, target, body) => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) renew(now);
    const headers = "host;x-amz-date;x-amz-target";
    const canonical =
      `POST\n/\n\nhost:${host}\nx-amz-date:${date}\nx-amz-target:DynamoDB_20120810.${target}\n\n` +
      `${headers}\n${hash("sha256", body)}`;
    const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash("sha256", canonical)}`;
    const signature = createHmac("sha256", key).update(text).digest("hex");
    const authorization =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${headers}, Signature=${signature}`;
    return { date, authorization };
  };
}
