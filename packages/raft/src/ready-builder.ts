// Building Readys and taking back their completion.
//
// Readys are numbered. Those that change what must survive a crash (`mustSync`) are pending until the host
// reports them durable; messages that speak of such state wait for the latest pending one. When none is
// pending they leave at once.
import { assert } from "@azimuth/foundation/assert.ts";
import type { RaftCore } from "./core.ts";
import { maybeCommit } from "./replication/commit.ts";
import { broadcastReadRound, replicate } from "./replication/send.ts";
import { step } from "./step.ts";
import { noReplica, type Entry, type HardState, type Message, type Ready } from "./types.ts";

interface WaitingMessages {
  readonly number: number;
  readonly messages: readonly Message[];
}

const noMessages: readonly Message[] = [];

export class ReadyBuilder {
  readonly #core: RaftCore;
  #number = 0;
  #syncNumber = 0;
  #persistedNumber = 0;
  #waiting: WaitingMessages[] = [];
  #hardState: HardState;
  #reported: NonNullable<Ready["roleChange"]>;
  /** Indexes of configuration changes handed out and not applied yet, in order. */
  #configIndexes: number[] = [];

  constructor(core: RaftCore) {
    this.#core = core;
    this.#hardState = { term: core.term, vote: core.vote, commit: core.log.committed };
    this.#reported = { role: core.role, leader: noReplica, term: core.term };
  }

  hasReady(): boolean {
    const core = this.#core;
    return core.messages.length > 0
      || core.durableMessages.length > 0
      || core.replicationWanted
      || core.log.unstable.hasUnhanded
      || core.log.hasCommittedToHand
      || core.reads.hasOutput
      || core.reads.roundWanted
      || this.#hardStateChanged()
      || this.#roleChanged();
  }

  takeReady(): Ready {
    const core = this.#core;
    if (core.replicationWanted) replicate(core);
    if (core.reads.roundWanted) this.#startReadRound();
    const number = ++this.#number;
    const { entries, snapshot } = core.log.unstable.handOut(number);
    if (snapshot !== undefined) this.#configIndexes = [];
    const mustSync = entries.length > 0 || snapshot !== undefined || this.#termOrVoteChanged();
    const hardState = this.#takeHardState();
    if (mustSync) this.#syncNumber = number;
    this.#routeDurableMessages();
    const committed = core.log.handOutCommitted(core.options.committedBytesPerReadyMax);
    this.#noteHandedOut(committed);
    return {
      number,
      hardState,
      entries,
      snapshot,
      mustSync,
      messages: this.#takeMessages(),
      committed,
      reads: core.reads.takeConfirmed(),
      droppedReads: core.reads.takeDropped(),
      roleChange: this.#takeRoleChange(),
    };
  }

  /** Everything through Ready `number` is durable. */
  persisted(number: number): void {
    const core = this.#core;
    assert(number <= this.#number, "a Ready that was never taken cannot be durable");
    if (number <= this.#persistedNumber) return;
    this.#persistedNumber = number;
    core.log.persisted(number);
    while (this.#waiting.length > 0 && (this.#waiting[0] as WaitingMessages).number <= number) {
      this.#release((this.#waiting.shift() as WaitingMessages).messages);
    }
    const own = core.progress.get(core.id);
    if (own?.maybeAdvance(core.log.stableIndex)) maybeCommit(core);
  }

  /** The next configuration change in order is applied. False when a snapshot has made it void. */
  configApplied(): boolean {
    return this.#configIndexes.shift() !== undefined && !this.#core.log.hasPendingSnapshot;
  }

  applied(index: number): void {
    const next = this.#configIndexes[0];
    assert(next === undefined || next > index, "a configuration change was passed over");
    this.#core.log.appliedTo(index);
  }

  get hasUnpersisted(): boolean {
    return this.#syncNumber > this.#persistedNumber;
  }

  #startReadRound(): void {
    const core = this.#core;
    broadcastReadRound(core);
    if (core.isOnlyVoter) core.reads.confirmThrough(core.reads.position);
  }

  #routeDurableMessages(): void {
    const messages = this.#core.durableMessages;
    if (messages.length === 0) return;
    this.#core.durableMessages = [];
    if (this.hasUnpersisted) this.#waiting.push({ number: this.#syncNumber, messages });
    else this.#release(messages);
  }

  #release(messages: readonly Message[]): void {
    const core = this.#core;
    for (const message of messages) {
      if (message.to === core.id) step(core, message);
      else core.messages.push(message);
    }
  }

  #takeMessages(): readonly Message[] {
    const messages = this.#core.messages;
    if (messages.length === 0) return noMessages;
    this.#core.messages = [];
    return messages;
  }

  #noteHandedOut(committed: readonly Entry[]): void {
    let bytes = 0;
    for (const entry of committed) {
      bytes += entry.data.length;
      if (entry.kind === "config") this.#configIndexes.push(entry.index);
    }
    this.#core.uncommittedBytes = Math.max(0, this.#core.uncommittedBytes - bytes);
  }

  #termOrVoteChanged(): boolean {
    return this.#hardState.term !== this.#core.term || this.#hardState.vote !== this.#core.vote;
  }

  #hardStateChanged(): boolean {
    return this.#hardState.commit !== this.#core.log.committed || this.#termOrVoteChanged();
  }

  #takeHardState(): HardState | undefined {
    if (!this.#hardStateChanged()) return undefined;
    const { term, vote, log } = this.#core;
    return (this.#hardState = { term, vote, commit: log.committed });
  }

  #roleChanged(): boolean {
    const { role, leader, term } = this.#core;
    return this.#reported.role !== role || this.#reported.leader !== leader || this.#reported.term !== term;
  }

  #takeRoleChange(): Ready["roleChange"] {
    if (!this.#roleChanged()) return undefined;
    const { role, leader, term } = this.#core;
    return (this.#reported = { role, leader, term });
  }
}
