// Group 0's replica on this node, if it has one: recovered from the log, founded with the cluster, or later created and
// removed because the map says so, like every other replica.
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { mustDestroy, replicaOn } from "@azimuth/control-plane/replica-fate.ts";
import { replicaIdOf } from "@azimuth/replication/host-api.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import type { Control } from "./control.ts";
import type { Identity } from "./identity.ts";

const controlGroup = 0;

export interface ControlMembershipDoors {
  readonly log: Logger;
  readonly logStore: LogStore;
  readonly follower: MapFollower;
  /** Node numbers that group 0 starts on. */
  readonly founders: readonly number[];
  identity(): Identity;
  /** Makes the control plane's machine; opened or destroyed here. */
  create(): Control;
  /** This node holds that replica of group 0 from now on: remember it. */
  joined(replica: number): void;
  /** The replica has left. */
  left(): void;
}

export interface ControlMembership {
  /** Undefined while this node holds no replica of group 0. */
  current(): Control | undefined;
  /** Call at start and whenever the map changed. */
  follow(): void;
}

export function createControlMembership(doors: ControlMembershipDoors): ControlMembership {
  const { log, logStore, follower } = doors;
  let control: Control | undefined;
  let isLost = false;
  /** A replica is being destroyed: until its log is gone it would be taken for one to be opened. */
  let isLeaving = false;

  const open = (): void => {
    const identity = doors.identity();
    const held = logStore.group(controlGroup)?.replica;
    const recovered = held !== undefined;
    const placed = follower.group(controlGroup);
    const assigned = placed === undefined ? undefined : replicaOn(placed, identity.number);
    const isFounder = Object.keys(identity.foundedWith).length > 0 && doors.founders.includes(identity.number);
    const founding = placed === undefined && isFounder;
    const isNew = assigned !== undefined && !logStore.wasRemoved(controlGroup, assigned);
    if (!recovered && !founding && !isNew) return;
    const replica = assigned ?? replicaIdOf(0, identity.number);
    if (!recovered && replica === identity.controlReplica) {
      // It has forgotten what it voted and acknowledged: only one with another id may take its place.
      if (!isLost) log.error("the log has lost the control plane's replica: it stays away until it is replaced");
      isLost = true;
      return;
    }
    // The process ended before it noted that this replica was there: should the log lose it now, it is missed.
    if (recovered && held > (identity.controlReplica ?? 0)) doors.joined(held);
    control = doors.create();
    control.open({ recovered, replica, founding }, () => doors.joined(replica));
  };

  return {
    current: () => control,
    follow() {
      if (isLeaving) return;
      const held = logStore.group(controlGroup);
      if (control === undefined) return open();
      if (held === undefined || !mustDestroy(follower, { group: controlGroup, replica: held.replica })) return;
      const leaving = control;
      control = undefined;
      isLeaving = true;
      log.info("the control plane's replica leaves this node");
      leaving.destroy(() => {
        isLeaving = false;
        doors.left();
      });
    },
  };
}
