// The id of a request, sent as `x-amzn-RequestId` and written on every log line about it. It looks like
// DynamoDB's: 52 characters of base 32 (0–9, A–V), of which the last 26 are the same in every one.
import type { Random } from "@azimuth/foundation/random.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
const commonEnd = "VV4KQNSO5AEMVJF66Q9ASUAAJG";
/** Characters taken from one draw of 53 bits. */
const charactersPerDraw = 10;
const variableLength = 26;

export function createRequestId(random: Random): string {
  let id = "";
  while (id.length < variableLength) {
    let draw = Math.floor(random.next() * 2 ** 50);
    const count = Math.min(charactersPerDraw, variableLength - id.length);
    for (let i = 0; i < count; i++) {
      id += alphabet[draw % 32];
      draw = Math.floor(draw / 32);
    }
  }
  return id + commonEnd;
}
