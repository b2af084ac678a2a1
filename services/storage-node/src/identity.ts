// Who this node is: a name given by its operator, a random incarnation made with its data directory, and a number
// that the cluster knows it by. A node whose disk is lost has another incarnation and gets another number, so that
// its replicas can never be taken for the ones that were lost.
//
// Founding. The initial members form the cluster without anyone to ask. A new node asks all other initial members
// who they are. If each is as new as itself, or founded the cluster together with this very incarnation, it takes its
// position in the list as its number; if any founded it without, the cluster exists already and this node joins.
import { assert } from "@azimuth/foundation/assert.ts";
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { Member } from "@azimuth/foundation/members.ts";
import type { Files } from "@azimuth/storage/files.ts";

const fileName = "identity.json";

export interface Identity {
  readonly cluster: string;
  readonly name: string;
  readonly incarnation: string;
  /** 0 until the node has founded or joined. */
  readonly number: number;
  /** Incarnations, by name, of those it founded the cluster with; empty when it joined. */
  readonly foundedWith: Readonly<Record<string, string>>;
  /** The replica of the control plane that is durably here, or was; absent before there was one. */
  readonly controlReplica?: number | undefined;
}

/** What a node answers to "identify". */
export type IdentifyAnswer = Pick<Identity, "cluster" | "name" | "incarnation" | "number" | "foundedWith">;

export function loadIdentity(files: Files, fresh: { cluster: string; name: string; incarnation: string }): Identity {
  const stored = files.readWhole(fileName);
  if (stored === undefined) {
    const identity: Identity = { ...fresh, number: 0, foundedWith: {} };
    saveIdentity(files, identity);
    return identity;
  }
  const identity = JSON.parse(fromUtf8(stored)) as Identity;
  if (identity.cluster !== fresh.cluster || identity.name !== fresh.name) {
    throw new Error(
      `this data directory belongs to ${identity.name} of cluster ${identity.cluster}, ` +
        `not to ${fresh.name} of cluster ${fresh.cluster}`,
    );
  }
  return identity;
}

export function saveIdentity(files: Files, identity: Identity): void {
  files.writeAtomically(fileName, utf8(`${JSON.stringify(identity)}\n`));
}

export type FoundingVerdict =
  | { readonly kind: "wait" }
  | { readonly kind: "join" }
  | { readonly kind: "found"; readonly identity: Identity };

/** Decides what a new node does, from what the other initial members answered so far (by name). */
export function decideFounding(
  own: Identity,
  members: readonly Member[],
  answers: ReadonlyMap<string, IdentifyAnswer>,
): FoundingVerdict {
  assert(own.number === 0, "only a node without a number founds or joins");
  const position = members.findIndex((member) => member.name === own.name);
  if (position === -1) return { kind: "join" };
  const incarnations: Record<string, string> = { [own.name]: own.incarnation };
  let complete = true;
  for (const member of members) {
    if (member.name === own.name) continue;
    const answer = answers.get(member.name);
    if (answer === undefined) {
      complete = false;
      continue;
    }
    const isFormed = answer.number !== 0;
    if (isFormed && answer.foundedWith[own.name] !== own.incarnation) return { kind: "join" };
    incarnations[member.name] = answer.incarnation;
  }
  if (!complete) return { kind: "wait" };
  return { kind: "found", identity: { ...own, number: position + 1, foundedWith: incarnations } };
}
