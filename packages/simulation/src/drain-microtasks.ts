// Lets promises that are already settled run what waits for them. Virtual time must not advance before: the order of
// micro-tasks is the same on every run, but they are not events of the world. Counting `await`s would be wrong
// as soon as somebody adds one; the event loop's own next turn comes after every micro-task.

export function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
