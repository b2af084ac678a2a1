// Group commit: everything that the groups of this node want to store goes into one write and one sync of
// the node's log. Only one write is under way; what arrives meanwhile forms the next one, so the slower the
// disk, the more a sync carries. Writes are stored, and their completions run, in the order they were
// added.
import type { GroupWrite } from "@azimuth/storage/log-store.ts";
import type { HostContext } from "./host-context.ts";

interface PendingWrite {
  readonly write: GroupWrite;
  readonly bytes: number;
  readonly done: () => void;
}

export class AppendPipeline {
  readonly #context: HostContext;
  #pending: PendingWrite[] = [];
  #underWay = false;
  #closed = false;
  #idleCallbacks: (() => void)[] = [];

  constructor(context: HostContext) {
    this.#context = context;
  }

  get idle(): boolean {
    return !this.#underWay && this.#pending.length === 0;
  }

  add(write: GroupWrite, done: () => void): void {
    this.#pending.push({ write, bytes: bytesOf(write), done });
  }

  /** Starts the next write unless one is under way. */
  kick(): void {
    if (this.#underWay || this.#closed || this.#pending.length === 0) return;
    const taken = this.#take();
    this.#underWay = true;
    this.#context.counters.logWrites++;
    this.#context.logStore.append(taken.map(({ write }) => write), () => {
      this.#underWay = false;
      for (const pending of taken) pending.done();
      this.kick();
      if (this.idle) for (const callback of this.#idleCallbacks.splice(0)) callback();
    });
  }

  whenIdle(callback: () => void): void {
    if (this.idle) callback();
    else this.#idleCallbacks.push(callback);
  }

  /** Nothing is written any more: the log is about to be closed. */
  close(): void {
    this.#closed = true;
  }

  #take(): PendingWrite[] {
    let bytes = 0;
    let count = 0;
    for (const pending of this.#pending) {
      if (count > 0 && bytes + pending.bytes > this.#context.limits.appendBatchBytesMax) break;
      bytes += pending.bytes;
      count++;
    }
    return this.#pending.splice(0, count);
  }
}

function bytesOf(write: GroupWrite): number {
  let bytes = 64;
  for (const entry of write.entries ?? []) bytes += entry.data.length + 32;
  return bytes;
}
