// Who is who, as far as this node knows: names and numbers of nodes, and where group 0 is. The cluster map says;
// before there is one, the initial members do.
import { controlFounders, type Member } from "@azimuth/foundation/members.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";

export interface Directory {
  /** Node numbers that group 0 starts on. */
  readonly founders: readonly number[];
  nameOf(node: number): string | undefined;
  /** 0 when the name is nobody's. */
  numberOf(name: string): number;
  /** Nodes that hold group 0. */
  controlNodes(): readonly number[];
  controlNames(): readonly string[];
  /** Whoever holds group 0, then everybody else: an old map may name none that still does. Without this node. */
  watchCandidates(): readonly string[];
}

export function createDirectory(own: string, members: readonly Member[], follower: MapFollower): Directory {
  const founders = controlFounders(members);
  const nameOf = (node: number): string | undefined => follower.node(node)?.name ?? members[node - 1]?.name;
  const controlNodes = (): readonly number[] => {
    const record = follower.group(0);
    return record === undefined ? founders : [...record.voters, ...record.learners].map(nodeOfReplica);
  };
  const controlNames = (): readonly string[] =>
    controlNodes().map(nameOf).filter((name): name is string => name !== undefined);
  return {
    founders,
    nameOf,
    controlNodes,
    controlNames,
    numberOf: (name) =>
      follower.nodeByName(name)?.number ?? members.findIndex((member) => member.name === name) + 1,
    watchCandidates() {
      const known = [...follower.nodes()].filter((node) => node.retired !== true).map((node) => node.name);
      const names = new Set([...controlNames(), ...members.map((member) => member.name), ...known]);
      return [...names].filter((name) => name !== own);
    },
  };
}
