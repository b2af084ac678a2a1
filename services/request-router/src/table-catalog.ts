// The tables as this router knows them: its copy of the cluster map, and when a name is not in it, the
// control plane itself, so that a table is usable through every router as soon as it is anywhere ACTIVE.
import type { Clock } from "@azimuth/foundation/clock.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";

export interface TableCatalog {
  /**
   * Makes sure that the tables of these names (or ARNs) are known here if they exist; throws if that cannot
   * be told.
   */
  prepare(names: readonly string[], trace: string, indexName?: string): Promise<void>;
  /** A table whose items can be used; undefined while it is being created. */
  find(name: string): TableDefinition | undefined;
  /** True when the table is known to be no more, not merely unknown here. */
  wasDeleted(tableId: number): boolean;
}

export interface TableCatalogDoors {
  readonly clock: Clock;
  readonly follower: MapFollower;
  readonly controlClient: ControlClient;
  refreshMap(done: () => void): void;
}

const lookUpDeadlineMs = 2000;
const pauseMs = 10;

export function createTableCatalog(doors: TableCatalogDoors): TableCatalog {
  const { clock, follower, controlClient } = doors;

  const find = (name: string): TableDefinition | undefined => {
    const table = follower.tableByName(name);
    return table === undefined || table.status === "CREATING" ? undefined : table;
  };

  const hasIndex = (table: TableDefinition | undefined, name: string | undefined): boolean =>
    name === undefined ||
    table?.indexes?.some((index) => index.name === name && index.status === "ACTIVE") === true;

  const lookUp = (name: string, trace: string, indexName: string | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const deadline = clock.now() + lookUpDeadlineMs;
      const command = { operation: "DescribeTable", name } as const;
      controlClient.send(command, { trace, deadlineMs: lookUpDeadlineMs, repeatable: true }, (answer) => {
        // Unknown here and nobody to ask: that the table does not exist must not be said.
        if (answer.status === "unavailable" && find(name) === undefined) {
          probe("a router without a map could not ask for a table");
          return reject(cannotTell());
        }
        const table = answer.status === "ok" ? answer.outcome.table : undefined;
        const wait = (): void => {
          const known = find(name);
          const usable = table !== undefined && table.status !== "CREATING";
          const isKnown =
            known?.tableId === table?.tableId && (hasIndex(known, indexName) || !hasIndex(table, indexName));
          if (!usable || isKnown) return resolve();
          // It exists, and the map that says where did not come in time.
          if (clock.now() >= deadline) {
            return known?.tableId === table.tableId ? resolve() : reject(cannotTell());
          }
          doors.refreshMap(() => clock.after(pauseMs, wait));
        };
        wait();
      });
    });

  return {
    find,
    wasDeleted: (tableId) => follower.wasDeleted(tableId),
    async prepare(names, trace, indexName) {
      // Of a table that is being deleted another may exist by now under the same name.
      const isKnown = (table: TableDefinition | undefined): boolean =>
        table !== undefined && table.status !== "DELETING" && hasIndex(table, indexName);
      const missing = names.map(tableNameOf).filter((name) => name !== "" && !isKnown(find(name)));
      if (missing.length > 0)
        await Promise.all([...new Set(missing)].map((name) => lookUp(name, trace, indexName)));
    },
  };
}

function cannotTell(): DynamoDbException {
  return new DynamoDbException(
    "InternalServerError",
    "The control plane cannot be reached to look the table up.",
    500,
  );
}

function tableNameOf(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? (/:table\/([^/]+)/.exec(nameOrArn)?.[1] ?? "") : nameOrArn;
}
