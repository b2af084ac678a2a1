// Tells the nodes of group 0 which replicas this node holds and how they are: every half second, and at once when
// one came or went. All of group 0 is told, so that whoever leads it next is not blind.
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { groupReportOf, type GroupReport, type NodeReport } from "@azimuth/control-plane/node-report.ts";
import type { NodeReplicationHost } from "@azimuth/replication/replication-host.ts";
import type { Identity } from "./identity.ts";
import type { Replicas } from "./replicas.ts";

export const reportPeriodMs = 500;

const sessionBytes = 8;

export interface ReporterDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly host: NodeReplicationHost;
  /** Partitions with more are split. */
  readonly partitionBytesMax: number;
  identity(): Identity;
  /** Undefined while they are being opened. */
  replicas(): Replicas | undefined;
  send(report: NodeReport): void;
}

export interface Reporter {
  /** At the end of this turn. */
  soon(): void;
  start(): Timer;
}

export function createReporter(doors: ReporterDoors): Reporter {
  const { clock, host } = doors;
  const session = toHex(doors.random.bytes(sessionBytes));
  let sequence = 0;
  let scheduled = false;

  const report = (): void => {
    const replicas = doors.replicas();
    if (replicas === undefined) return;
    for (const partition of replicas.all()) partition.buildIndexes();
    const damaged = new Set(host.stats().closed.map(({ group }) => group));
    const groups = host.groups().flatMap((group): GroupReport[] => {
      const status = host.status(group);
      if (status === undefined) return [];
      const partition = replicas.get(group);
      const split = { splitAt: partition?.splitPoint(doors.partitionBytesMax), splitRests: partition?.splitRests };
      return [groupReportOf(status, damaged.has(group), partition?.statistics, split)];
    });
    const { number: node, incarnation } = doors.identity();
    doors.send({ node, incarnation, session, sequence: ++sequence, groups });
  };

  return {
    soon() {
      if (scheduled) return;
      scheduled = true;
      clock.defer(() => {
        scheduled = false;
        report();
      });
    },
    start: () => clock.every(reportPeriodMs, report),
  };
}
