// The control plane's replica on this node: opens group 0, and serves the map to those who watch it here.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { defaultAutoadminOptions } from "@azimuth/control-plane/observations.ts";
import { createControlPlane, type ControlPlane } from "@azimuth/control-plane/control-plane.ts";
import type { Instruction } from "@azimuth/control-plane/instructions.ts";
import { createWatchServer, type MapDelta, type WatchServer } from "@azimuth/control-plane/watch.ts";
import type { ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";

export interface Control {
  readonly plane: ControlPlane;
  readonly watches: WatchServer;
  /** `founding`: this replica is one of those that group 0 starts with. */
  open(
    options: { readonly recovered: boolean; readonly replica: number; readonly founding: boolean },
    created: () => void,
  ): void;
  /** Whether this replica knows who leads group 0 now. */
  isInTouch(): boolean;
  /** The replica of group 0 leaves this node for good; `done` once nothing of it is left. */
  destroy(done: () => void): void;
  close(): void;
}

export interface ControlDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly host: ReplicationHost;
  readonly engine: Engine;
  readonly config: {
    readonly accountId: string;
    readonly timeToLiveIntervalMs: number | undefined;
    readonly nodeDeadAfterMs: number | undefined;
    readonly partitionsPerTable: number | undefined;
    /** Replica ids that group 0 starts with. */
    readonly founders: readonly number[];
    /** Numbers of all the nodes that found the cluster. */
    readonly foundingNodes: readonly number[];
  };
  instruct(node: number, instruction: Instruction): void;
  sendMap(watcher: string, delta: MapDelta): void;
  /** The map changed here: the node's own copy follows. */
  mapChanged(delta: MapDelta): void;
}

export function createControl(doors: ControlDoors): Control {
  const { clock, random, log, host, engine, config } = doors;
  const { replicas, nodeDeadAfterMs } = defaultAutoadminOptions;
  const plane = createControlPlane(
    { clock, random, log, host, engine, instruct: doors.instruct },
    {
      replicas,
      partitionsPerTable: config.partitionsPerTable,
      accountId: config.accountId,
      timeToLiveIntervalMs: config.timeToLiveIntervalMs,
      foundingNodes: config.foundingNodes,
      autoadmin: { ...defaultAutoadminOptions, nodeDeadAfterMs: config.nodeDeadAfterMs ?? nodeDeadAfterMs },
    },
  );
  const watches = createWatchServer(plane, doors.sendMap);
  let seen = 0;
  const follow = (): void => {
    const delta = plane.changesSince(seen);
    if (delta === undefined) return;
    seen = delta.revision;
    doors.mapChanged(delta);
  };
  const unsubscribe = plane.subscribe(follow);
  const close = (): void => {
    unsubscribe();
    watches.close();
    plane.close();
  };
  return {
    plane,
    watches,
    open({ recovered, replica, founding }, created) {
      if (recovered) return host.openGroup({ group: 0, machine: plane });
      const bootstrap = founding ? { ...emptyConfig, voters: config.founders } : undefined;
      host.createGroup({ group: 0, replica, bootstrap, machine: plane }, created);
    },
    isInTouch: () => (host.status(0)?.leader ?? 0) !== 0,
    destroy(done) {
      close();
      host.destroyGroup(0, done);
    },
    close,
  };
}
