// The autoadmin: what the leader of group 0 does by itself. It collects reports, plans (plan.ts) every half
// second and soon after something changed, and carries the plan out: commands go through group 0's log,
// instructions to nodes. What it remembers is lost with leadership and not missed.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { ControlAnswer, ControlCommand, ControlOutcome } from "./commands.ts";
import type { ControlState } from "./control-state.ts";
import type { Instruction } from "./instructions.ts";
import type { GroupReport, NodeReport } from "./node-report.ts";
import {
  noteMissing, viewCluster, type AutoadminOptions, type Observations, type ReceivedReport,
} from "./observations.ts";
import { plan, type Action } from "./plan.ts";

export type { AutoadminOptions } from "./observations.ts";

export interface AutoadminDoors {
  readonly clock: Clock;
  readonly log: Logger;
  run(command: ControlCommand, done: (answer: ControlAnswer) => void): void;
  instruct(node: number, instruction: Instruction): void;
}

export interface Autoadmin {
  /** Leadership begins: nothing is known of the nodes yet. */
  start(): void;
  stop(): void;
  /** Takes a report; true when it shows something that may call for a plan before the next period. */
  report(report: NodeReport): boolean;
  reports(): readonly NodeReport[];
  run(state: ControlState): void;
  /** Of one replica of each of the table's partitions, the leader's if there is one. */
  tableSizes(state: ControlState, table: TableDefinition): NonNullable<ControlOutcome["sizes"]>;
}

interface Memory extends Observations {
  leadingSince: number;
  lastBalanceAt: number;
  missingSince: Map<number, Map<number, number>>;
  readonly reports: Map<number, ReceivedReport>;
  readonly lastTransferByGroup: Map<number, number>;
}

export function createAutoadmin(doors: AutoadminDoors, options: AutoadminOptions): Autoadmin {
  let memory = blank(0);
  let commandsUnderWay = 0;

  const carryOut = (action: Action): void => {
    if (action.kind === "command") {
      commandsUnderWay++;
      logCommand(doors.log, action.command);
      doors.run(action.command, () => commandsUnderWay--);
      return;
    }
    const { node, instruction } = action;
    doors.log.info("autoadmin instructs a leader", { node, kind: instruction.kind, group: instruction.group });
    if (instruction.kind === "transfer-leader") {
      memory.lastTransferByGroup.set(instruction.group, doors.clock.now());
      memory.lastBalanceAt = doors.clock.now();
    }
    doors.instruct(node, instruction);
  };

  return {
    start() {
      memory = blank(doors.clock.now());
    },
    stop() {
      memory = blank(doors.clock.now());
    },
    report(report) {
      const before = memory.reports.get(report.node)?.report;
      const isOld = before?.session === report.session && report.sequence <= before.sequence;
      if (isOld) return false;
      memory.reports.set(report.node, { report, receivedAt: doors.clock.now() });
      return before === undefined || shapeOf(before) !== shapeOf(report);
    },
    reports: () => [...memory.reports.values()].map((received) => received.report),
    run(state) {
      // Its own commands change what the next plan should see: wait for them.
      if (commandsUnderWay > 0) return;
      const now = doors.clock.now();
      memory.missingSince = noteMissing(viewCluster(state, memory, options, now));
      for (const action of plan(viewCluster(state, memory, options, now))) carryOut(action);
    },
    tableSizes(state, table) {
      const view = viewCluster(state, memory, options, doors.clock.now());
      const reportsOf = (tableOrIndexId: number): readonly GroupReport[] =>
        state.partitionsOf(tableOrIndexId).flatMap(({ partition }) => {
          const { leader, freshest } = view.group(partition);
          return leader ?? freshest ?? [];
        });
      const ofTable = reportsOf(table.tableId);
      const local = ofTable.flatMap(({ localIndexes = [] }) => localIndexes);
      const indexes = Object.fromEntries((table.indexes ?? []).map(({ kind, name, indexId }) => [name, total(
        kind === "local" ? local.filter((size) => size.indexId === indexId) : reportsOf(indexId),
      )]));
      return { ...total(ofTable), ...(Object.keys(indexes).length === 0 ? {} : { indexes }) };
    },
  };
}

function total(
  sizes: readonly { readonly items: number; readonly bytes: number }[],
): { readonly itemCount: number; readonly bytes: number } {
  return {
    itemCount: sizes.reduce((sum, { items }) => sum + items, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function blank(now: number): Memory {
  // Leaders are not evened out before the reports of a first period are in.
  return {
    leadingSince: now,
    lastBalanceAt: now,
    reports: new Map(),
    missingSince: new Map(),
    lastTransferByGroup: new Map(),
  };
}

/** What of a report matters to plans besides numbers that always grow. */
function shapeOf(report: NodeReport): string {
  return report.groups.map((group) =>
    [group.group, group.replica, group.role, group.initialised, group.joint, group.corrupted,
      group.lastSplit?.child, group.splitAt,
      group.voters.join("+"), group.learners.join("+")].join(",")).join(";");
}

function logCommand(log: Logger, command: ControlCommand): void {
  const fields: Record<string, string | number> = { operation: command.operation };
  if ("partition" in command) fields.partition = command.partition;
  if ("tableId" in command) fields.tableId = command.tableId;
  if ("node" in command) fields.node = command.node;
  log.info("autoadmin decides", fields);
}
