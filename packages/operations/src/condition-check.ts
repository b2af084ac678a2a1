// ConditionCheck: the action of a transaction that changes nothing, but holds it to a condition on an item.
import { decodeItem, encodedItemSize } from "@azimuth/model/item-codec.ts";
import { writeUnits } from "./capacity.ts";
import { conditionFailed, conditionHolds, type ConditionalCommand } from "./conditions.ts";
import { bindPlaceholders, type CarriedPlaceholders } from "./expressions.ts";
import type { Decision, WriteOperation, WriteView } from "./operation.ts";

export interface ConditionCheckCommand extends ConditionalCommand, CarriedPlaceholders {
  readonly operation: "ConditionCheck";
}

export const conditionCheckOnNode: WriteOperation<ConditionCheckCommand> = { kind: "write", decide };

/** Charged as a write of the item that is there. */
function decide(view: WriteView, command: ConditionCheckCommand): Decision {
  const stored = view.get(command.position.key);
  const holds = conditionHolds(command, () => bindPlaceholders(command), () => stored && decodeItem(stored));
  if (!holds) return conditionFailed(command, stored);
  return { effects: [], outcome: { units: writeUnits(stored === undefined ? 0 : encodedItemSize(stored), 0) } };
}
