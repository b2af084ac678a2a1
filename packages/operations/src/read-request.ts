// What the reads have in common: projecting an item, on the node, before it travels.
import { decodeItem, encodeItem } from "@azimuth/model/item-codec.ts";
import { compileProjection, projectItem } from "@azimuth/expression/projection.ts";
import { bindPlaceholders, type CarriedPlaceholders } from "./expressions.ts";

/** The members of a read command that hold its projection. */
export interface Projected extends CarriedPlaceholders {
  readonly projection: string | undefined;
}

/** A function from a stored item to what is returned of it; without a projection, the stored bytes themselves. */
export function projector(command: Projected): (stored: Uint8Array) => Uint8Array {
  if (typeof command.projection !== "string") return (stored) => stored;
  const projection = compileProjection(command.projection);
  const bindings = bindPlaceholders(command);
  return (stored) => encodeItem(projectItem(projection, bindings, decodeItem(stored)));
}
