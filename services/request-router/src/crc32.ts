// The checksum of a response body that DynamoDB sends as `x-amz-crc32` and some SDKs verify.
import { crc32 as zlibCrc32 } from "node:zlib";

/** CRC-32 (IEEE) of the bytes, or of the UTF-8 of a text, unsigned. */
export function crc32(body: string | Uint8Array): number {
  return zlibCrc32(body);
}
