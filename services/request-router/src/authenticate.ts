// Authentication of requests against the credentials kept in the cluster (packages/auth verifies the signature).
import type { Clock } from "@azimuth/foundation/clock.ts";
import { SigningKeys } from "@azimuth/auth/signing-keys.ts";
import { verifyRequest } from "@azimuth/auth/verify-request.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import type { Authenticate } from "./pipeline.ts";

export interface AuthenticatorDoors {
  readonly clock: Clock;
  readonly follower: MapFollower;
  /** False: whoever asks is let in, under the name their signature gives, if any. */
  readonly enabled: boolean;
}

export function createAuthenticator({ clock, follower, enabled }: AuthenticatorDoors): Authenticate {
  const findSecret = (accessKeyId: string): string | undefined => follower.credential(accessKeyId)?.secretAccessKey;
  const keys = new SigningKeys();
  return (request) => {
    if (!enabled) return { accessKeyId: "anonymous" };
    const verdict = verifyRequest(request, { now: clock.wallNow(), findSecret, keys });
    if (verdict.kind === "refused") throw verdict.exception;
    return { accessKeyId: verdict.accessKeyId };
  };
}
