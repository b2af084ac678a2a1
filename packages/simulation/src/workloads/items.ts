// Items under everything that DynamoDB can do to one: puts, updates and deletes, on conditions and without, alone, in
// batches and as PartiQL statements, with everything that they can return, and strong reads in all forms. What each
// answer and each refusal told must fit one order of all operations on the item, as a model of an item that knows
// nothing of this code says. So nothing is lost or done twice, and no answer is made up, those from records included.
//
// The search for that order costs most where many clients wait at once and where outcomes stay unknown: there are few
// items at a time, and one that has seen enough, or too much that is unknown, is left for a new one.
import { checkLinearizable } from "@azimuth/history/linearizable.ts";
import { itemModel, type ItemOutput, type ItemState } from "@azimuth/history/models/item.ts";
import type { OpenOperation } from "@azimuth/history/recorder.ts";
import { conditionRefusals, type CallResult, type SimulatedClient } from "../simulated-client.ts";
import {
  drawRefused, readCalls, table, writeCalls, type Draw, type DrawCall, type ItemCall, type Part, type PartEnd,
} from "./item-calls.ts";
import { wholeItem, type Attributes } from "./item-text.ts";
import { createTable, type Workload, type WorkloadContext } from "./workload.ts";

const itemsAtATime = 5;
const itemsPerBatchMax = 3;
const writesPerItem = 80;
const unknownsPerItem = 4;
const stepsMax = 3_000_000;
/** Of clients that mostly write. The others only look, and often: who writes near a leader that was replaced waits. */
const readsOfWriters = 0.25;
const readsOfWatchers = 0.4;
const watchersPauseMs = 120;
/** How often a client turns to the item that is its own to write or to watch. */
const faithfulness = 0.8;

interface Place {
  key: string;
  writes: number;
  unknowns: number;
}

export function createItemsWorkload(): Workload {
  const places: Place[] = [];
  const used: string[] = [];
  const seen = new Map<string, ItemState>();
  let tokens = 0;

  /** Distinct keys, the own one first more often than not. */
  function chooseKeys({ random }: WorkloadContext, own: number): readonly string[] {
    for (let number = 0; number < itemsAtATime; number++) {
      const place = places[number];
      if (place !== undefined && place.writes < writesPerItem && place.unknowns < unknownsPerItem) continue;
      const key = `item-${used.length}`;
      used.push(key);
      places[number] = { key, writes: 0, unknowns: 0 };
    }
    const shuffled = random.shuffle(places.map(({ key }) => key));
    const first = random.chance(faithfulness) ? (places[own] as Place).key : (shuffled[0] as string);
    return [first, ...shuffled.filter((key) => key !== first)].slice(0, random.between(2, itemsPerBatchMax));
  }

  function drawing(context: WorkloadContext, own = 0): Draw {
    return {
      random: context.random, keys: chooseKeys(context, own), seen: (key) => seen.get(key), token: () => `t${++tokens}`,
    };
  }

  /** True when all of it was answered. */
  async function carryOut(context: WorkloadContext, client: SimulatedClient, call: ItemCall): Promise<boolean> {
    const { parts } = call;
    const open = parts.map(({ f, input, key }, number) =>
      context.history.invoke(number === 0 ? client.name : `${client.name}/${number}`, f, input, key));
    const result = await client.call(call.target, call.request);
    const ends = endsOf(context, call, result);
    for (const [number, part] of parts.entries()) finish(open[number] as OpenOperation, part, ends[number] ?? "failed");
    return ends.length > 0 && ends.every(({ kind }) => kind !== "unknown");
  }

  function finish(open: OpenOperation, { key, f, input }: Part, end: PartEnd | "failed"): void {
    const place = places.find((each) => each.key === key);
    if (end === "failed") return open.fail();
    if (place !== undefined && f !== "read" && end.kind !== "refused") place.writes++;
    if (end.kind === "unknown") {
      if (place !== undefined && f !== "read") place.unknowns++;
      return open.info();
    }
    const told = end.output as ItemOutput | undefined;
    const now = f === "read" ? (input === null ? (end.output as ItemState) : undefined) : (told?.new ?? told?.found);
    if (now !== undefined) seen.set(key, now);
    return end.kind === "ok" ? open.ok(end.output) : open.refused(end.output);
  }

  return {
    name: "items",
    setUp: (context) => createTable(context, table, false),
    async run(context, client, number) {
      const { random } = context;
      const isWatcher = number % 2 === 1;
      // A watcher looks at what is written from another zone: it may be on the other side of a partition.
      const own = Math.ceil(number / 2) % itemsAtATime;
      const reads = Object.values(readCalls);
      const writes = Object.values(writeCalls);
      while (!context.isStopped()) {
        const draw = drawing(context, own);
        const isRead = random.chance(isWatcher ? readsOfWatchers : readsOfWriters);
        const drawCall = isRead ? random.pick(reads) : isWatcher ? drawRefused : random.pick(writes);
        await carryOut(context, client, drawCall(draw));
        await (isWatcher ? context.world.sleep(watchersPauseMs) : context.think());
      }
    },
    async check(context) {
      const client = context.clients[0] as SimulatedClient;
      for (const form of [...Object.values(writeCalls), ...Object.values(readCalls)]) {
        while (!(await carryOut(context, client, form(drawing(context)))));
      }
      const readAll = readCalls["BatchGetItem"] as DrawCall;
      for (const key of used) {
        while (!(await carryOut(context, client, readAll({ ...drawing(context), keys: [key] }))));
      }
      context.judged(checkLinearizable(context.history.operations(), itemModel, { stepsMax }));
    },
  };
}

/** How each part ended; parts without an end did not happen. */
function endsOf(context: WorkloadContext, call: ItemCall, result: CallResult): readonly PartEnd[] {
  switch (result.kind) {
    case "ok":
      return call.endsOf(result.body);
    case "unreachable":
      return [];
    case "unknown":
      return call.parts.map(() => ({ kind: "unknown" }));
    case "refused": {
      const [part] = call.parts;
      if (part !== undefined && call.parts.length === 1 && conditionRefusals.has(result.type)) {
        const found = wholeItem(result.item as Attributes | undefined, part.key);
        return [{ kind: "refused", output: call.isToldWhy ? { found } : undefined }];
      }
      context.violated(`${call.target} refused with ${result.type}: ${result.message}`);
      return [];
    }
  }
}
