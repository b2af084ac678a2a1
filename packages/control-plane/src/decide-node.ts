// Nodes: who belongs to the cluster, under which number. A number stands for one data directory: a process
// that comes back with the same incarnation keeps its number; one with an empty disk gets a new number and
// its old one is retired, because the replicas under the old number have lost what they voted and
// acknowledged (replication rule: ids are never reused).
import { assert } from "@azimuth/foundation/assert.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import { firstToken, lastToken } from "@azimuth/placement/token.ts";
import { nodeOfReplica, replicaIdsPerGeneration } from "@azimuth/replication/host-api.ts";
import type { NodeRecord } from "./cluster-map.ts";
import type { BootstrapCommand, ForgetNodeCommand, RegisterNodeCommand, SetNodeStateCommand } from "./commands.ts";
import { putMeta, putNode, putPartition, type ControlEffect } from "./control-records.ts";
import { controlGroup, type ControlState } from "./control-state.ts";
import { newCredential, putCredential } from "./decide-credential.ts";
import { ignored, refused, type ControlDecision, type DecisionContext } from "./decision.ts";
import { generationOf } from "./replica-fate.ts";

/** The user of the credential that exists from the start. */
export const firstUserName = "admin";

export function decideBootstrap(
  state: ControlState, command: BootstrapCommand, context: DecisionContext,
): ControlDecision {
  if (state.meta !== undefined) return ignored;
  const voters = command.voters.toSorted((left, right) => left - right);
  assert(voters.length > 0, "a control plane has at least one voter");
  const founders = [...new Set([...voters.map(nodeOfReplica), ...(command.foundingNodes ?? [])])];
  const credential = newCredential(firstUserName, context);
  const effects: ControlEffect[] = [
    putMeta({
      clusterId: toHex(context.random.bytes(8)),
      createdAt: context.now,
      nextNode: Math.max(...founders) + 1,
      nextTable: 1,
      nextPartition: controlGroup + 1,
      founders,
    }),
    putPartition({
      partition: controlGroup, tableId: 0, firstToken, lastToken, epoch: 0,
      configEpoch: Math.max(...voters.map(generationOf)),
      voters, learners: [], bootstrap: voters, replacing: undefined,
    }),
    putCredential(credential),
  ];
  return { effects, outcome: { credential } };
}

export function decideRegisterNode(state: ControlState, command: RegisterNodeCommand): ControlDecision {
  const known = [...state.nodes.values()].find(
    (node) => node.name === command.name && node.incarnation === command.incarnation);
  const holder = state.nodeByName(command.name);
  // A disk that was thought lost came back: its replicas have their state, so its number is good again.
  if (known !== undefined) return decideReturn(known, holder, command);
  return decideNewNode(state, holder, command);
}

function decideReturn(
  known: NodeRecord, holder: NodeRecord | undefined, command: RegisterNodeCommand,
): ControlDecision {
  if (known.zone !== command.zone) {
    return refused("InvalidNode", `${known.name} belongs to zone ${known.zone}; its replicas were placed by it`);
  }
  const { retired: _, ...kept } = known;
  const state = known.state === "draining" ? "draining" : "up";
  const node: NodeRecord = { ...kept, endpoint: command.endpoint, state };
  const effects: ControlEffect[] = [];
  if (known.retired || known.endpoint !== node.endpoint || known.state !== node.state) effects.push(putNode(node));
  if (holder !== undefined && holder.number !== known.number) effects.push(putNode(retire(holder)));
  return { effects, outcome: { node } };
}

function decideNewNode(
  state: ControlState, holder: NodeRecord | undefined, command: RegisterNodeCommand,
): ControlDecision {
  const meta = state.meta;
  assert(meta !== undefined, "nodes register with a control plane that has been set up");
  const isFounder = command.founder !== undefined && meta.founders.includes(command.founder);
  const number = isFounder ? (command.founder as number) : meta.nextNode;
  if (number >= replicaIdsPerGeneration) {
    return refused("LimitExceededException", `a cluster has at most ${replicaIdsPerGeneration - 1} node numbers`);
  }
  const { name, zone, endpoint, incarnation } = command;
  const node: NodeRecord = { number, name, zone, endpoint, incarnation, state: "up" };
  const effects: ControlEffect[] = [putNode(node), putMeta(isFounder
    ? { ...meta, founders: meta.founders.filter((founder) => founder !== number) }
    : { ...meta, nextNode: number + 1 })];
  if (holder !== undefined) effects.push(putNode(retire(holder)));
  return { effects, outcome: { node } };
}

function retire(node: NodeRecord): NodeRecord {
  probe("a node came back with an empty disk");
  return { ...node, state: "down", retired: true };
}

export function decideSetNodeState(state: ControlState, command: SetNodeStateCommand): ControlDecision {
  const node = state.nodes.get(command.node);
  if (node === undefined) return refused("NodeNotFound", `there is no node ${command.node}`);
  const isOvertaken = command.from !== undefined && command.from !== node.state;
  if (node.retired || node.state === command.state || isOvertaken) {
    return { effects: [], outcome: { node, ignored: true } };
  }
  const changed = { ...node, state: command.state };
  return { effects: [putNode(changed)], outcome: { node: changed } };
}

/** A retired node is forgotten once no membership mentions it. */
export function decideForgetNode(state: ControlState, command: ForgetNodeCommand): ControlDecision {
  const node = state.nodes.get(command.node);
  if (node === undefined || !node.retired || isMentioned(state, command.node)) return ignored;
  return { effects: [{ kind: "delete", record: "node", id: String(command.node) }], outcome: { node } };
}

export function isMentioned(state: ControlState, node: number): boolean {
  return state.groups().some((group) =>
    [...group.voters, ...group.learners].some((replica) => nodeOfReplica(replica) === node));
}
