// Runs a transcript: commands to a group of simulated replicas, and everything observable that follows.
//
// A file is a comment on what and why, then blocks of commands, each ended by `----`, its output and a blank
// line. Messages wait in order until delivered or dropped. The commands:
//
//   voters 1 2 3 · learners 4                  the first configuration (before any replica)
//   limits inflightAppendsMax=2 ...            limits other than the defaults (before any replica)
//   replica 1 [term=T] [vote=V] [commit=C] [log=1,1,2]   starts one, with entries of these terms stored
//   empty 5                                    starts one that waits for its first snapshot
//   campaign N · tick N COUNT · propose N TEXT · read N ID · transfer N TO · leader-gone N
//   config N add-voter=4 remove=1 ...
//   take N          takes and prints Readys until there is none; `persist N` finishes one sync; `apply N`
//   applies all process N ...   all three until nothing is left
//   deliver N [from=M] [type=T] · drop [to=N] [from=M] [type=T] · duplicate [to=N] [from=M] [type=T]
//   stabilize [N ...]   processes and delivers among these (all that run) until nothing moves
//   quietly COMMAND     without output
//   crash N [keep=K] · restart N · compact N INDEX · status [N ...] · progress N
import { assert } from "@azimuth/foundation/assert.ts";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { emptyConfig } from "../src/membership/configuration.ts";
import { defaultRaftOptions } from "../src/options.ts";
import type {
  ConfigChangeStep, ConfigState, Entry, Message, ProposeResult, ReplicaId,
} from "../src/types.ts";
import type { EngineState } from "./simulated-disk.ts";
import { SimulatedReplica, type ReplicaLimits } from "./simulated-replica.ts";
import { formatConfig, formatEntry, formatMessage, formatReady, formatStatus } from "./transcript-format.ts";

/** Returns the transcript with the output that the commands really have. */
export function runTranscript(text: string): string {
  const group = new TranscriptGroup();
  const result: string[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    result.push(line);
    if (line === "----") {
      result.push(...group.takeOutput());
      while (at + 1 < lines.length && lines[at + 1] !== "") at++;
    } else if (line !== "" && !line.startsWith("#")) {
      group.run(line);
    }
  }
  assert(group.takeOutput().length === 0, "the last commands have no ---- after them");
  return result.join("\n");
}

interface Packet {
  readonly message: Message;
  readonly state: EngineState | undefined;
}

interface Arguments {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

const numbers = (words: readonly string[]): number[] => words.map(Number);

class TranscriptGroup {
  #output: string[] = [];
  #config: ConfigState = { ...emptyConfig, voters: [1, 2, 3] };
  #limits: ReplicaLimits = defaultRaftOptions;
  readonly #replicas = new Map<ReplicaId, SimulatedReplica>();
  #packets: Packet[] = [];

  readonly #commands: Readonly<Record<string, (given: Arguments) => void>> = {
    voters: ({ words }) => { this.#config = { ...this.#config, voters: numbers(words) }; },
    learners: ({ words }) => { this.#config = { ...this.#config, learners: numbers(words) }; },
    limits: ({ options }) => this.#setLimits(options),
    replica: ({ words, options }) => this.#start(Number(words[0]), options),
    empty: ({ words }) => this.#create(Number(words[0]), emptyConfig),
    campaign: ({ words }) => this.#of(words).raft.campaign(),
    tick: ({ words }) => { for (let i = 0; i < Number(words[1] ?? 1); i++) this.#of(words).raft.tick(); },
    propose: ({ words }) => this.#printProposal(this.#of(words).raft.propose(utf8(words.slice(1).join(" ")))),
    read: ({ words }) => this.#print(this.#of(words).raft.readIndex(Number(words[1]))),
    transfer: ({ words }) => this.#of(words).raft.transferLeadership(Number(words[1])),
    "leader-gone": ({ words }) => this.#of(words).raft.leaderUnreachable(),
    config: ({ words, options }) => this.#changeConfig(this.#of(words), options),
    take: ({ words }) => this.#take(this.#of(words)),
    persist: ({ words }) => { if (!this.#of(words).sync()) this.#print("nothing to persist"); },
    apply: ({ words }) => this.#apply(this.#of(words)),
    process: ({ words }) => { for (const id of numbers(words)) this.#process(this.#of([String(id)])); },
    deliver: ({ words, options }) => this.#deliver(Number(words[0]), options),
    drop: ({ options }) => this.#drop(options),
    duplicate: ({ options }) => this.#duplicate(options),
    stabilize: ({ words }) => this.#stabilize(numbers(words)),
    crash: ({ words, options }) => this.#of(words).crash(Number(options.get("keep") ?? 0)),
    restart: ({ words }) => this.#of(words).restart(),
    compact: ({ words }) => this.#compact(this.#of(words), Number(words[1])),
    status: ({ words }) => this.#status(numbers(words)),
    progress: ({ words }) => this.#printProgress(this.#of(words)),
  };

  run(line: string): void {
    const words = line.split(" ");
    const quiet = words[0] === "quietly";
    if (quiet) words.shift();
    const kept = this.#output;
    if (quiet) this.#output = [];
    const command = this.#commands[words.shift() as string];
    assert(command !== undefined, `unknown command: ${line}`);
    const isOption = (word: string): boolean => /^[a-zA-Z-]+=/.test(word);
    const options = new Map(words.filter(isOption).map((word) => word.split("=") as [string, string]));
    command({ words: words.filter((word) => !isOption(word)), options });
    for (const replica of this.#replicas.values()) if (replica.running) replica.raft.checkInvariants();
    if (quiet) this.#output = kept;
  }

  takeOutput(): string[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  #print(line: string): void {
    this.#output.push(line);
  }

  #of(words: readonly string[]): SimulatedReplica {
    const replica = this.#replicas.get(Number(words[0]));
    assert(replica !== undefined, `no replica ${words[0]}`);
    return replica;
  }

  #setLimits(options: ReadonlyMap<string, string>): void {
    const changed = Object.fromEntries([...options].map(([name, value]) => [name, Number(value)]));
    this.#limits = { ...this.#limits, ...changed };
  }

  #create(id: ReplicaId, config: ConfigState): SimulatedReplica {
    const initial: EngineState = { applied: 0, term: 0, digest: 0, config };
    const replica = new SimulatedReplica(id, this.#limits, createSeededRandom(id), initial);
    this.#replicas.set(id, replica);
    return replica;
  }

  #start(id: ReplicaId, options: ReadonlyMap<string, string>): void {
    const replica = this.#create(id, this.#config);
    const terms = (options.get("log") ?? "").split(",").filter((term) => term !== "").map(Number);
    const entries = terms.map((term, at): Entry => ({
      index: at + 1, term, kind: "normal", data: utf8(`${at + 1}/${term}`),
    }));
    const option = (name: string, otherwise: number): number => Number(options.get(name) ?? otherwise);
    const term = option("term", terms.at(-1) ?? 0);
    const hardState = { term, vote: option("vote", 0), commit: option("commit", 0) };
    replica.crash(0);
    replica.disk.write({
      number: 0, hardState, entries, snapshot: undefined, mustSync: true, messages: [], committed: [],
      reads: [], droppedReads: [], roleChange: undefined,
    }, undefined);
    replica.disk.sync();
    replica.restart();
  }

  #printProposal(result: ProposeResult): void {
    if (result.kind === "accepted") this.#print(`accepted ${result.index}/${result.term}`);
    else if (result.kind === "dropped") this.#print(`dropped: ${result.reason}`);
    else this.#print(`not leader, leader=${result.leader}`);
  }

  #changeConfig(replica: SimulatedReplica, options: ReadonlyMap<string, string>): void {
    const steps = [...options].flatMap(([kind, ids]) =>
      ids.split(",").map((id) => ({ kind, replica: Number(id) }) as ConfigChangeStep));
    const kind = steps.length === 0 ? "leave" : "change";
    this.#printProposal(replica.raft.proposeConfigChange({ kind, steps, context: new Uint8Array(0) }));
  }

  #take(replica: SimulatedReplica): void {
    while (replica.raft.hasReady()) {
      const ready = replica.takeReady();
      for (const line of formatReady(replica.id, ready)) this.#print(line);
      for (const message of ready.messages) {
        const isSnapshot = message.type === "snapshot";
        this.#packets.push({
          message: isSnapshot ? { ...message, snapshot: replica.snapshotMeta() } : message,
          state: isSnapshot ? replica.engine : undefined,
        });
      }
    }
  }

  #apply(replica: SimulatedReplica): void {
    for (let entry = replica.apply(); entry !== undefined; entry = replica.apply()) {
      const config = entry.kind === "config" ? `, now ${formatConfig(replica.config)}` : "";
      this.#print(`${replica.id}: applied ${formatEntry(entry)}${config}`);
    }
  }

  /** True if anything happened. */
  #process(replica: SimulatedReplica): boolean {
    let any = false;
    while (replica.raft.hasReady() || replica.disk.canSync || replica.applyQueue.length > 0) {
      any = true;
      this.#take(replica);
      replica.sync();
      this.#apply(replica);
    }
    return any;
  }

  #selects(packet: Packet, options: ReadonlyMap<string, string>): boolean {
    const { from, to, type } = packet.message;
    const agrees = (name: string, value: string | number): boolean =>
      (options.get(name) ?? String(value)) === String(value);
    return agrees("from", from) && agrees("to", to) && agrees("type", type);
  }

  #takePackets(options: ReadonlyMap<string, string>): Packet[] {
    const taken = this.#packets.filter((packet) => this.#selects(packet, options));
    this.#packets = this.#packets.filter((packet) => !taken.includes(packet));
    return taken;
  }

  #deliver(to: ReplicaId, options: ReadonlyMap<string, string>): boolean {
    const packets = this.#takePackets(new Map([...options, ["to", String(to)]]));
    const receiver = this.#replicas.get(to);
    for (const { message, state } of packets) {
      if (!receiver?.running) continue;
      if (state !== undefined) this.#replicas.get(message.from)?.raft.reportSnapshot(to, true);
      receiver.step(message, state);
    }
    return packets.length > 0;
  }

  #drop(options: ReadonlyMap<string, string>): void {
    for (const { message } of this.#takePackets(options)) {
      this.#print(`dropped ${formatMessage(message)}`);
      const sender = this.#replicas.get(message.from);
      if (message.type === "snapshot" && sender?.running) sender.raft.reportSnapshot(message.to, false);
    }
  }

  #duplicate(options: ReadonlyMap<string, string>): void {
    this.#packets.push(...this.#packets.filter((packet) => this.#selects(packet, options)));
  }

  /** Messages to replicas outside stay where they are. */
  #stabilize(ids: readonly ReplicaId[]): void {
    const all = [...this.#replicas.values()].filter((replica) => replica.running);
    const chosen = ids.length === 0 ? all : all.filter((replica) => ids.includes(replica.id));
    const senders = new Set(chosen.map((replica) => replica.id));
    for (let moved = true; moved;) {
      moved = false;
      for (const replica of chosen) {
        for (const from of senders) {
          if (this.#deliver(replica.id, new Map([["from", String(from)]]))) moved = true;
        }
        if (this.#process(replica)) moved = true;
      }
    }
  }

  #compact(replica: SimulatedReplica, index: number): void {
    replica.disk.flush(replica.engine);
    replica.disk.compact(index);
  }

  #status(ids: readonly ReplicaId[]): void {
    for (const replica of this.#replicas.values()) {
      if (ids.length === 0 || ids.includes(replica.id)) this.#print(formatStatus(replica));
    }
  }

  #printProgress(replica: SimulatedReplica): void {
    for (const { replica: id, match, next, state, active } of replica.raft.progress()) {
      this.#print(`${id}: ${state} match=${match} next=${next}${active ? "" : " inactive"}`);
    }
  }
}
