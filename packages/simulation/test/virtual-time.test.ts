// The order of events is what a seed decides: by time, and at one instant in the order in which they were asked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualTime } from "../src/virtual-time.ts";

function runAll(time: VirtualTime): void {
  while (time.nextAt() !== undefined) time.step();
}

test("what is asked for the present instant comes after what was asked for it before, and before anything later", () => {
  const time = new VirtualTime();
  const ran: string[] = [];
  time.at(10, () => {
    ran.push("first at 10");
    time.after(0, () => ran.push("asked for at 10"));
    time.at(3, () => ran.push("asked for too late"));
    time.after(1, () => ran.push("at 11"));
  });
  time.at(10, () => ran.push("second at 10"));
  runAll(time);
  assert.deepEqual(ran, ["first at 10", "second at 10", "asked for at 10", "asked for too late", "at 11"]);
  assert.equal(time.now(), 11);
  assert.equal(time.events, 5);
});

test("a cancelled event never runs and no time passes for it", () => {
  const time = new VirtualTime();
  const ran: string[] = [];
  const later = time.at(20, () => ran.push("later"));
  time.at(5, () => {
    time.after(0, () => {
      present.cancel();
      later.cancel();
    });
    const present = time.after(0, () => ran.push("present"));
    time.after(0, () => ran.push("kept"));
  });
  runAll(time);
  assert.deepEqual(ran, ["kept"]);
  assert.equal(time.now(), 5);
});

test("events that ask for others run in the order of a sorted list", () => {
  const delays = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.array(fc.integer({ min: 0, max: 3 }))));
  fc.assert(fc.property(delays, (plan) => {
    const time = new VirtualTime();
    const asked: { readonly at: number; readonly order: number }[] = [];
    const ran: { readonly at: number; readonly order: number }[] = [];
    const ask = (delay: number, then: readonly number[]): void => {
      const event = { at: time.now() + delay, order: asked.length };
      asked.push(event);
      time.after(delay, () => {
        assert.equal(time.now(), event.at);
        ran.push(event);
        for (const next of then) ask(next, []);
      });
    };
    for (const [delay, then] of plan) ask(delay, then);
    runAll(time);
    assert.deepEqual(ran, asked.toSorted((one, other) => one.at - other.at || one.order - other.order));
  }));
});
