// How the cluster map travels: a watcher sends a request (method "watch", body WatchRequest) to any process
// that holds a replica of group 0, gets a MapDelta with everything above the revision it has, and from then
// on a notice (topic "map", body MapDelta) whenever the map changes there. A broken connection ends the
// watch; the watcher asks again, there or elsewhere. A replica that lags behind the watcher has nothing to
// say yet.
//
// Any other process that has a map answers "elsewhere" with all of it, if it is newer than the watcher's: who
// starts with the names of the founders only may find none that still holds group 0, but one that knows who does.
import type { ClusterMap, CredentialRecord, NodeRecord, PartitionRecord } from "./cluster-map.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";

export const watchMethod = "watch";
export const mapTopic = "map";

export interface WatchRequest {
  /** Revision that the watcher has; 0 when it has nothing. */
  readonly since: number;
}

export interface MapDelta {
  readonly clusterId: string;
  /** The map's revision once this is applied. */
  readonly revision: number;
  /** What the delta starts from: it applies to any map at this revision or above. 0 when `full`. */
  readonly since: number;
  /** Everything: what is not listed does not exist. */
  readonly full: boolean;
  readonly nextTable: number;
  readonly nextPartition: number;
  readonly control: PartitionRecord | undefined;
  readonly nodes: readonly NodeRecord[];
  readonly tables: readonly TableDefinition[];
  readonly partitions: readonly PartitionRecord[];
  readonly credentials: readonly CredentialRecord[];
  readonly deleted: {
    readonly nodes: readonly number[];
    readonly tables: readonly number[];
    readonly partitions: readonly number[];
    readonly credentials: readonly string[];
  };
}

/** A copy of the map as a delta that applies to any older one. */
export function wholeMap(map: ClusterMap): MapDelta {
  return { ...map, since: 0, full: true, deleted: { nodes: [], tables: [], partitions: [], credentials: [] } };
}

export interface MapSource {
  map(): ClusterMap;
  /** Undefined when there is nothing above `revision`. */
  changesSince(revision: number): MapDelta | undefined;
  subscribe(listener: () => void): () => void;
}

export interface WatchServer {
  /** Registers a watcher (again) and returns what it lacks, if anything. */
  add(watcher: string, since: number): MapDelta | undefined;
  remove(watcher: string): void;
  close(): void;
}

/** Remembers what each watcher has been sent and sends the rest on every change. */
export function createWatchServer(
  source: MapSource,
  send: (watcher: string, delta: MapDelta) => void,
): WatchServer {
  const sentByWatcher = new Map<string, number>();
  const next = (watcher: string, since: number): MapDelta | undefined => {
    const delta = source.changesSince(since);
    sentByWatcher.set(watcher, delta === undefined ? since : delta.revision);
    return delta;
  };
  const unsubscribe = source.subscribe(() => {
    for (const [watcher, since] of sentByWatcher) {
      const delta = next(watcher, since);
      if (delta !== undefined) send(watcher, delta);
    }
  });
  return {
    add: next,
    remove: (watcher) => void sentByWatcher.delete(watcher),
    close() {
      unsubscribe();
      sentByWatcher.clear();
    },
  };
}
