import { test } from "node:test";
import assert from "node:assert/strict";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { createMemoryEngine } from "@azimuth/storage/memory-engine.ts";
import type { ControlAnswer } from "../src/commands.ts";
import { createControlPlane, type ControlPlane } from "../src/control-plane.ts";
import { ChangeHistory } from "../src/map-view.ts";
import { defaultAutoadminOptions } from "../src/observations.ts";
import { FakeCluster, newTable } from "./fake-cluster.ts";
import { FakeControlGroup } from "./fake-control-group.ts";
import { ManualClock } from "./manual-clock.ts";

const three = { a: 1, b: 1, c: 1 };

test("a follower of group 0 names the leader's node instead of deciding", () => {
  const cluster = new FakeCluster({ seed: 1, zones: three });
  const follower = [...cluster.planes].find(([replica]) => replica !== cluster.control.leader)?.[1].plane;
  let answer: ControlAnswer | undefined;
  follower?.handle({ operation: "ListTables", limit: 10 }, (given) => (answer = given));
  assert.deepEqual(answer, { status: "not-leader", leader: cluster.control.leader });
});

test("a command under way when leadership is lost is answered unavailable, and is carried out or not", () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const cluster = new FakeCluster({ seed, zones: three });
    let answer: ControlAnswer | undefined;
    cluster.plane.handle({ operation: "CreateTable", definition: newTable("orders") }, (given) => (answer = given));
    // The decision is made at the end of the turn; the entry commits a millisecond or more later.
    cluster.clock.advance(0.5);
    cluster.control.elect(2);
    assert.equal(answer?.status, "unavailable");
    cluster.run(1000);
    seen.add(cluster.map.tables.length);
  }
  assert.deepEqual([...seen].sort(), [0, 1]);
});

test("a refusal is not answered by a leader that has lost its leadership meanwhile", () => {
  const cluster = new FakeCluster({ seed: 2, zones: three });
  cluster.createTable("orders");
  let answer: ControlAnswer | undefined;
  cluster.plane.handle({ operation: "CreateTable", definition: newTable("orders") }, (given) => (answer = given));
  cluster.clock.advance(0.5);
  cluster.control.elect(3);
  cluster.clock.advance(5);
  assert.deepEqual(answer, { status: "not-leader", leader: 3 });
});

test("commands that wait when leadership is lost are answered with the new leader", () => {
  const cluster = new FakeCluster({ seed: 3, zones: three });
  const answers: ControlAnswer[] = [];
  cluster.plane.handle({ operation: "ListTables", limit: 1 }, (given) => answers.push(given));
  cluster.control.elect(2);
  cluster.clock.advance(5);
  assert.deepEqual(answers, [{ status: "not-leader", leader: 2 }]);
});

test("the state is the same after a restart as before it", () => {
  const cluster = new FakeCluster({ seed: 4, zones: three });
  cluster.createTable("one");
  cluster.createTable("two");
  cluster.outcome({ operation: "DeleteTable", name: "one" });
  cluster.run(2000);
  const { plane, engine } = cluster.planes.get(cluster.control.leader) as { plane: ControlPlane; engine: never };
  const restarted = createControlPlane({
    clock: cluster.clock, random: createSeededRandom(1), log: silentLogger, engine,
    host: cluster.control.host(9), instruct: () => assert.fail("it does not lead"),
  }, { replicas: 3, partitionsPerTable: undefined, accountId: "000000000000", autoadmin: defaultAutoadminOptions });
  let loaded = false;
  let announced = 0;
  restarted.subscribe(() => announced++);
  restarted.load(() => (loaded = true));
  cluster.clock.advance(10);
  assert.ok(loaded);
  restarted.checkInvariants();
  assert.equal(announced, 1);
  assert.equal(restarted.map().revision, plane.map().revision);
  const byId = (map: object): string => JSON.stringify(map, (_, value: unknown) =>
    (Array.isArray(value) ? value.map((each) => JSON.stringify(each)).sort() : value));
  assert.equal(byId(restarted.map()), byId(plane.map()));
  assert.equal(restarted.changesSince(1)?.full, true);
});

test("the first credential has the form of AWS's and comes with the bootstrap, once", () => {
  const cluster = new FakeCluster({ seed: 5, zones: three });
  const [first, ...others] = cluster.map.credentials;
  assert.deepEqual(others, []);
  assert.match(first?.accessKeyId ?? "", /^AKIA[A-Z2-7]{16}$/);
  assert.match(first?.secretAccessKey ?? "", /^[A-Za-z0-9+/]{40}$/);
  const { credential } = cluster.outcome({ operation: "CreateCredential", userName: "ann" });
  assert.equal(credential?.userName, "ann");
  assert.notEqual(credential?.accessKeyId, first?.accessKeyId);
  cluster.outcome({ operation: "DeleteCredential", accessKeyId: credential?.accessKeyId ?? "" });
  assert.equal(cluster.map.credentials.length, 1);
});

test("before the bootstrap has committed nothing else is decided", () => {
  const clock = new ManualClock();
  const group = new FakeControlGroup(clock, createSeededRandom(1), [1]);
  const engine = createMemoryEngine({ clock });
  const plane = createControlPlane({
    clock, random: createSeededRandom(1), log: silentLogger, engine, host: group.host(1), instruct: () => {},
  }, { replicas: 3, partitionsPerTable: undefined, accountId: "000000000000", autoadmin: defaultAutoadminOptions });
  group.join(1, plane, engine);
  group.elect(1);
  const answers: ControlAnswer[] = [];
  plane.handle({ operation: "ListTables", limit: 1 }, (answer) => answers.push(answer));
  clock.advance(100);
  plane.handle({ operation: "ListTables", limit: 1 }, (answer) => answers.push(answer));
  clock.advance(100);
  assert.deepEqual(answers.map((answer) => answer.status), ["unavailable", "ok"]);
  plane.close();
});

test("changes from too long ago are told as a whole map", () => {
  const history = new ChangeHistory();
  history.reset(10);
  for (let revision = 11; revision <= 25_000; revision++) history.add(revision, [{ kind: "delete", record: "node", id: "1" }]);
  assert.equal(history.since(9), undefined);
  assert.equal(history.since(11), undefined);
  assert.equal(history.since(24_990)?.length, 10);
  assert.deepEqual(history.since(25_000), []);
});
