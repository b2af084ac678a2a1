// The last cluster map this node has seen, on its disk: with it a restarted node serves its partitions while the
// control plane is away.
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { wholeMap } from "@azimuth/control-plane/watch.ts";
import type { Files } from "@azimuth/storage/files.ts";

const fileName = "map.json";

export function saveMap(files: Files, map: ClusterMap): void {
  files.writeAtomically(fileName, utf8(JSON.stringify(map)));
}

/** Gives an empty copy what was stored, if anything was. */
export function loadMap(files: Files, follower: MapFollower): void {
  const stored = files.readWhole(fileName);
  if (stored === undefined) return;
  follower.applyDelta(wholeMap(JSON.parse(fromUtf8(stored)) as ClusterMap));
}
