// What an expression is read against: the request's ExpressionAttributeNames and ExpressionAttributeValues. A
// compiled expression never holds them, so one compiled text serves every request that sends it.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";

export interface Bindings {
  /** By placeholder with its `#`. */
  readonly names: ReadonlyMap<string, string>;
  /** By placeholder with its `:`. */
  readonly values: ReadonlyMap<string, AttributeValue>;
}

/** The request member an expression came in; its name begins every message about it. */
export type ConditionKind = "ConditionExpression" | "FilterExpression" | "KeyConditionExpression";
export type ExpressionKind = ConditionKind | "ProjectionExpression" | "UpdateExpression";

/** The placeholders an expression mentions, in order of first mention. */
export interface Placeholders {
  readonly names: readonly string[];
  readonly values: readonly string[];
}
