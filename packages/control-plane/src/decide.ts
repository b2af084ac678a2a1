// Every command's decision, by the name of its operation. Pure: the same state, command and draws give the
// same effects.
import { assert, unreachable } from "@azimuth/foundation/assert.ts";
import type { ControlCommand } from "./commands.ts";
import type { ControlState } from "./control-state.ts";
import { decideCreateCredential, decideDeleteCredential } from "./decide-credential.ts";
import { decideCancelReplacement, decideRecordMembership, decideStartReplacement } from "./decide-membership.ts";
import { decideIndexEvent } from "./decide-index.ts";
import { decideBootstrap, decideForgetNode, decideRegisterNode, decideSetNodeState } from "./decide-node.ts";
import {
  decideCreateTable, decideDeleteTable, decideDescribeTable, decideListTables, decideTableEvent, decideUpdateTable,
  decideUpdateTimeToLive,
} from "./decide-table.ts";
import { decideTagResource, decideUntagResource } from "./decide-tags.ts";
import { decideRecordSplit, decideStartSplit } from "./decide-split.ts";
import type { ControlDecision, DecisionContext } from "./decision.ts";

export function decide(state: ControlState, command: ControlCommand, context: DecisionContext): ControlDecision {
  assert(state.meta !== undefined || command.operation === "Bootstrap", "the control plane has not been set up");
  switch (command.operation) {
    case "Bootstrap":
      return decideBootstrap(state, command, context);
    case "CreateTable":
      return decideCreateTable(state, command, context);
    case "DeleteTable":
      return decideDeleteTable(state, command);
    case "DescribeTable":
      return decideDescribeTable(state, command);
    case "ListTables":
      return decideListTables(state, command);
    case "UpdateTable":
      return decideUpdateTable(state, command, context);
    case "UpdateTimeToLive":
      return decideUpdateTimeToLive(state, command, context);
    case "IndexEvent":
      return decideIndexEvent(state, command);
    case "TagResource":
      return decideTagResource(state, command);
    case "UntagResource":
      return decideUntagResource(state, command);
    case "TableEvent":
      return decideTableEvent(state, command);
    case "RegisterNode":
      return decideRegisterNode(state, command);
    case "SetNodeState":
      return decideSetNodeState(state, command);
    case "ForgetNode":
      return decideForgetNode(state, command);
    case "CreateCredential":
      return decideCreateCredential(command, context);
    case "DeleteCredential":
      return decideDeleteCredential(state, command);
    case "StartReplacement":
      return decideStartReplacement(state, command, context);
    case "CancelReplacement":
      return decideCancelReplacement(state, command);
    case "RecordMembership":
      return decideRecordMembership(state, command);
    case "StartSplit":
      return decideStartSplit(state, command);
    case "RecordSplit":
      return decideRecordSplit(state, command);
    default:
      return unreachable(command, "control command");
  }
}
