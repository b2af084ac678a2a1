// The node's part in transactions: it asks the ledger about locks on items of its partitions and ends what
// coordinators left behind (packages/partition, transaction-recovery.ts). For that it reaches other partitions as a
// router does.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { createDispatcher, type DispatchResult } from "@azimuth/control-plane/dispatch.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { ledgerTableName } from "@azimuth/operations/transaction-ledger.ts";
import type { Partition } from "@azimuth/partition/partition.ts";
import { createTransactionRecovery, type TransactionRecovery } from "@azimuth/partition/transaction-recovery.ts";
import type { Requester } from "@azimuth/rpc/requests.ts";
import type { Engine } from "@azimuth/storage/engine.ts";

export interface RecoveryParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly requester: Requester;
  /** It learns of splits, so that their halves are found while group 0 is away. */
  readonly routes: MapFollower;
  readonly zone: string;
  readonly engine: Engine;
  partitions(): Iterable<Partition>;
  refreshMap(done: () => void): void;
}

const noToken = new Uint8Array(0);

export function createRecovery(parts: RecoveryParts): TransactionRecovery {
  const { clock, random, requester, routes, zone, engine, partitions, refreshMap } = parts;
  const dispatcher = createDispatcher({
    clock, random: random.split("dispatch"), requester, follower: routes, zone, isSilent: () => false, refreshMap,
    learnSplit: (partition, split) => routes.learnSplit(partition, split),
  });
  return createTransactionRecovery({
    clock,
    random,
    engine,
    partitions,
    wasDeleted: (tableId) => routes.wasDeleted(tableId),
    ledger: () => routes.tableByName(ledgerTableName)?.tableId,
    deliver: (command, deadline) => new Promise<DispatchResult>((resolve) => {
      dispatcher.write(command, { trace: "", deadline, requestToken: noToken, firstAttempt: 0 }, resolve);
    }),
  });
}
