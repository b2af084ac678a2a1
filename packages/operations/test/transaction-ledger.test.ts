import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decideLedger, decodeLedgerRecord, encodeLedgerRecord, ledgerCommand, ledgerOnNode, ledgerPosition, rememberedForMs,
  takeOverAfterMs, type LedgerEvent, type LedgerRecord,
} from "../src/transaction-ledger.ts";

const now = 1_700_000_000_000;
const answers = [{ units: 1, itemBytes: 10 }];
const participants = [{ tableId: 3, position: ledgerPosition(Buffer.from("item")) }];

type StateName = "none" | LedgerRecord["state"];
type EventName =
  | LedgerEvent["event"] | "settle-forced" | "begin-again" | "begin-other" | "begin-late" | "begin-elsewhere"
  | "forget-late" | "stale-commit";

function recordIn(state: StateName): LedgerRecord | undefined {
  if (state === "none") return undefined;
  const isSettled = state === "done" || state === "aborted";
  return {
    run: "r1", state, payloadHash: "p", owner: "o1", since: now,
    participants: isSettled ? [] : participants,
    answers: state === "committed" || state === "done" ? answers : [],
  };
}

const begin = { event: "begin", run: "r2", owner: "o2", payloadHash: "p", participants } as const;

const events: Readonly<Record<EventName, { readonly event: LedgerEvent; readonly later?: number }>> = {
  begin: { event: begin },
  "begin-again": { event: { ...begin, run: "r1", owner: "o1" } },
  "begin-other": { event: { ...begin, payloadHash: "q" } },
  "begin-late": { event: begin, later: takeOverAfterMs },
  "begin-elsewhere": {
    event: { ...begin, participants: participants.map((each) => ({ ...each, tableId: 9 })) }, later: takeOverAfterMs,
  },
  commit: { event: { event: "commit", run: "r1", answers } },
  "stale-commit": { event: { event: "commit", run: "r0", answers } },
  settle: { event: { event: "settle", run: "r1", force: false } },
  "settle-forced": { event: { event: "settle", run: "r1", force: true } },
  finish: { event: { event: "finish", run: "r1" } },
  forget: { event: { event: "forget", run: "r1" } },
  "forget-late": { event: { event: "forget", run: "r1" }, later: rememberedForMs },
};

/** "next state : answer"; "=" when the record stays as it is. A run is named where it is told. */
const expected: Readonly<Record<StateName, Readonly<Record<EventName, string>>>> = {
  none: {
    begin: "pending r2 : begun r2",
    "begin-again": "pending r1 : begun r1",
    "begin-other": "pending r2 : begun r2",
    "begin-late": "pending r2 : begun r2",
    "begin-elsewhere": "pending r2 : begun r2",
    commit: "= : over",
    "stale-commit": "= : over",
    settle: "= : over",
    "settle-forced": "= : over",
    finish: "= : over",
    forget: "= : over",
    "forget-late": "= : over",
  },
  pending: {
    begin: "= : in-progress",
    "begin-again": "= : begun r1",
    "begin-other": "= : mismatch",
    "begin-late": "pending r1 : begun r1",
    "begin-elsewhere": "pending r2 : begun r2",
    commit: "committed r1 : committed",
    "stale-commit": "= : over",
    settle: "= : pending",
    "settle-forced": "aborted r1 : over",
    finish: "= : pending",
    forget: "= : pending",
    "forget-late": "= : pending",
  },
  committed: {
    begin: "= : committed",
    "begin-again": "= : committed",
    "begin-other": "= : mismatch",
    "begin-late": "= : committed",
    "begin-elsewhere": "= : committed",
    commit: "= : committed",
    "stale-commit": "= : over",
    settle: "= : committed",
    "settle-forced": "= : committed",
    finish: "done r1 : done",
    forget: "= : committed",
    "forget-late": "= : committed",
  },
  done: {
    begin: "= : done",
    "begin-again": "= : done",
    "begin-other": "= : mismatch",
    "begin-late": "= : done",
    "begin-elsewhere": "= : done",
    commit: "= : done",
    "stale-commit": "= : over",
    settle: "= : done",
    "settle-forced": "= : done",
    finish: "= : done",
    forget: "= : done",
    "forget-late": "none : over",
  },
  aborted: {
    begin: "pending r2 : begun r2",
    "begin-again": "= : over",
    "begin-other": "pending r2 : begun r2",
    "begin-late": "pending r2 : begun r2",
    "begin-elsewhere": "pending r2 : begun r2",
    commit: "= : over",
    "stale-commit": "= : over",
    settle: "= : over",
    "settle-forced": "= : over",
    finish: "= : over",
    forget: "= : over",
    "forget-late": "none : over",
  },
};

for (const [state, row] of Object.entries(expected)) {
  for (const [name, outcome] of Object.entries(row)) {
    test(`the ledger's record in state ${state} meets ${name}: ${outcome}`, () => {
      const { event, later = 0 } = events[name as EventName];
      const { next, answer } = decideLedger(recordIn(state as StateName), event, now + later);
      const nextText = next === undefined ? "=" : next === null ? "none" : `${next.state} ${next.run}`;
      const answerText = "run" in answer ? `${answer.state} ${answer.run}` : answer.state;
      assert.equal(`${nextText} : ${answerText}`, outcome);
    });
  }
}

test("a clock that went back lets a pending transaction be taken over all the same", () => {
  const { answer } = decideLedger(recordIn("pending"), begin, now - takeOverAfterMs);
  assert.deepEqual(answer, { state: "begun", run: "r1" });
});

test("a run that was taken over has another owner, who may begin it again", () => {
  const { next } = decideLedger(recordIn("pending"), begin, now + takeOverAfterMs);
  assert.deepEqual(decideLedger(next ?? undefined, begin, now + takeOverAfterMs).answer, { state: "begun", run: "r1" });
  assert.deepEqual(
    decideLedger(next ?? undefined, { ...begin, run: "r1", owner: "o1" }, now + takeOverAfterMs).answer,
    { state: "in-progress" },
  );
});

test("a record survives its way through the table", () => {
  const id = Buffer.from("0123456789abcdef");
  const stored = encodeLedgerRecord(id, recordIn("committed") as LedgerRecord);
  const { id: storedId, record } = decodeLedgerRecord(stored);
  assert.deepEqual(Buffer.from(storedId), id);
  assert.equal(record.state, "committed");
  assert.equal(record.participants[0]?.position.token, participants[0]?.position.token);
});

test("the ledger writes one item, where the transaction's id says", () => {
  const id = Buffer.from("0123456789abcdef");
  const view = { table: undefined as never, now, get: () => undefined };
  const command = ledgerCommand(9, id, begin);
  const { effects } = ledgerOnNode.decide(view, command);
  assert.equal(effects.length, 1);
  assert.deepEqual(effects[0]?.key, command.position.key);
});
