// The operations of the control plane by name, so that a process can tell a command it knows from one it does not.
import type { ControlCommand } from "./commands.ts";

const operations: Readonly<Record<ControlCommand["operation"], true>> = {
  CreateTable: true,
  DeleteTable: true,
  DescribeTable: true,
  ListTables: true,
  UpdateTable: true,
  UpdateTimeToLive: true,
  TagResource: true,
  UntagResource: true,
  RegisterNode: true,
  SetNodeState: true,
  CreateCredential: true,
  DeleteCredential: true,
  Bootstrap: true,
  TableEvent: true,
  IndexEvent: true,
  ForgetNode: true,
  StartReplacement: true,
  CancelReplacement: true,
  RecordMembership: true,
  StartSplit: true,
  RecordSplit: true,
};

export function isControlOperation(name: string): name is ControlCommand["operation"] {
  return Object.hasOwn(operations, name);
}
