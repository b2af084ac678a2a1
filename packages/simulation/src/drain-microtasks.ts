// Lets promises that are already settled run what waits for them. Virtual time must not advance before: the order of
// micro-tasks is the same on every run, but they are not events of the world. Counting `await`s would be wrong
// as soon as somebody adds one.
//
// A tick callback asked for from within a micro-task runs once the queue of micro-tasks is empty, which is what is
// wanted, at a fraction of the cost of a turn of the event loop. Now and then a whole turn is taken all the same, so
// that the process can write its output.
const drainsPerTurn = 5000;
let drains = 0;

export function drainMicrotasks(): Promise<void> {
  drains++;
  return new Promise((resolve) => {
    if (drains % drainsPerTurn === 0) setImmediate(resolve);
    else process.nextTick(resolve);
  });
}
