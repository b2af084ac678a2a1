// Access keys, in the form AWS gives them: "AKIA" and 16 characters of A–Z and 2–7, with a secret of 40
// characters of base64's alphabet. The draws come from the leader's random source; the log carries what was
// drawn.
import type { Random } from "@azimuth/foundation/random.ts";
import type { CredentialRecord } from "./cluster-map.ts";
import type { CreateCredentialCommand, DeleteCredentialCommand } from "./commands.ts";
import type { ControlEffect } from "./control-records.ts";
import type { ControlState } from "./control-state.ts";
import { refused, type ControlDecision, type DecisionContext } from "./decision.ts";

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function decideCreateCredential(command: CreateCredentialCommand, context: DecisionContext): ControlDecision {
  const credential = newCredential(command.userName, context);
  return { effects: [putCredential(credential)], outcome: { credential } };
}

export function decideDeleteCredential(state: ControlState, command: DeleteCredentialCommand): ControlDecision {
  const credential = state.credentials.get(command.accessKeyId);
  if (credential === undefined) {
    return refused("NoSuchEntity", `The Access Key with id ${command.accessKeyId} cannot be found.`);
  }
  const effects: ControlEffect[] = [{ kind: "delete", record: "credential", id: command.accessKeyId }];
  return { effects, outcome: { credential } };
}

export function newCredential(userName: string, { now, random, options }: DecisionContext): CredentialRecord {
  return {
    accessKeyId: `AKIA${draw(random, keyAlphabet, 16)}`,
    secretAccessKey: draw(random, secretAlphabet, 40),
    accountId: options.accountId,
    userName,
    createdAt: now,
  };
}

export function putCredential(value: CredentialRecord): ControlEffect {
  return { kind: "put", record: "credential", id: value.accessKeyId, value };
}

function draw(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join("");
}
