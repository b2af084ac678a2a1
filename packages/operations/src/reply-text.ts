// JSON text of responses, put together from members that are JSON text already.
import { itemToJson } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import type { Outcome } from "./operation.ts";

/** An object of the members that are not undefined; values are JSON text. */
export function objectText(members: { readonly [name: string]: string | undefined }): string {
  let text = "";
  for (const name in members) {
    const value = members[name];
    if (value === undefined) continue;
    text += `${text === "" ? "{" : ","}"${name}":${value}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Throws the exception that a refused outcome stands for. */
export function throwIfRefused(outcome: Outcome): void {
  const { refused } = outcome;
  if (refused === undefined || refused === null) return;
  const members = refused.item === undefined ? {} : { Item: itemToJson(decodeItem(refused.item)) };
  const status = refused.type === "InternalServerError" ? 500 : 400;
  throw new DynamoDbException(refused.type, refused.message, status, members);
}

export const conditionFailedMessage = "The conditional request failed";
