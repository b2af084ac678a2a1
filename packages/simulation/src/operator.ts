// The cluster's operator: a process of its own on the simulated network that gives the control plane commands which no
// client can give (take a node out of service, put it back) and reads the cluster map as a watcher does.
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import type { ControlCommand } from "@azimuth/control-plane/commands.ts";
import { createControlClient, type ControlClient } from "@azimuth/control-plane/control-client.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { createMapWatchClient } from "@azimuth/control-plane/map-watch-client.ts";
import { mapTopic } from "@azimuth/control-plane/watch.ts";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { createRequester } from "@azimuth/rpc/requests.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import type { ProcessClock } from "./virtual-time.ts";

export interface Operator {
  /** The map as far as the operator has heard. */
  map(): ClusterMap;
  send(command: ControlCommand, done?: (ok: boolean) => void): void;
}

const deadlineMs = 10_000;

export function startOperator(parts: {
  readonly clock: ProcessClock;
  readonly random: Random;
  readonly transport: Transport;
  /** Names of all storage nodes, those added later too. */
  readonly nodes: () => readonly string[];
}): Operator {
  const { clock, random, transport, nodes } = parts;
  const requester = createRequester({ transport, clock, random });
  const follower = new MapFollower();
  const nameOfNode = (node: number): string | undefined => follower.node(node)?.name;
  const client: ControlClient = createControlClient({ clock, requester, candidates: nodes, nameOfNode });
  const watch = createMapWatchClient({ clock, log: silentLogger, requester, follower, candidates: nodes });
  transport.start({
    message(_from, message) {
      const { kind } = message;
      if (kind === "response") requester.handleResponse(_from, message);
      else if (kind === "notice" && message.topic === mapTopic) watch.handleNotice(message.body);
    },
    peerUp() {},
    peerDown(peer) {
      requester.handlePeerDown(peer);
      watch.peerDown(peer);
    },
  });
  watch.start();
  return {
    map: () => follower.map(),
    send(command, done) {
      const options = { trace: "operator", deadlineMs, repeatable: true };
      client.send(command, options, (answer) => done?.(answer.status === "ok"));
    },
  };
}
