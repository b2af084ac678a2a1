import assert from "node:assert/strict";
import { test } from "node:test";
import { createPrometheusMetrics, createSilentMetrics } from "@azimuth/foundation/metrics.ts";

const create = () => createPrometheusMetrics({ labels: { zone: "az-a" }, processMetrics: false });

async function samples(metrics: ReturnType<typeof create>): Promise<string[]> {
  return (await metrics.expose()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("counters, gauges and histograms are exposed with their labels and the process' own", async () => {
  const metrics = create();
  metrics.counter("requests_total", "Requests", ["operation"]).labels({ operation: "PutItem" }).increment(3);
  const gauge = metrics.gauge("partitions", "Partitions", ["state"]);
  gauge.labels({ state: "active" }).set(4);
  gauge.labels({ state: "gone" }).set(1);
  gauge.remove({ state: "gone" });
  metrics.histogram("latency_seconds", "Latency", [], [0.1, 1]).observe(0.5);
  assert.deepEqual(await samples(metrics), [
    'requests_total{operation="PutItem",zone="az-a"} 3',
    'partitions{state="active",zone="az-a"} 4',
    'latency_seconds_bucket{le="0.1",zone="az-a"} 0',
    'latency_seconds_bucket{le="1",zone="az-a"} 1',
    'latency_seconds_bucket{le="+Inf",zone="az-a"} 1',
    'latency_seconds_sum{zone="az-a"} 0.5',
    'latency_seconds_count{zone="az-a"} 1',
  ]);
});

test("asking twice for a name gives the same metric", async () => {
  const metrics = create();
  metrics.counter("requests_total", "Requests").increment();
  metrics.counter("requests_total", "Requests").increment();
  assert.deepEqual(await samples(metrics), ['requests_total{zone="az-a"} 2']);
});

test("two registries share nothing", async () => {
  const first = create();
  first.counter("requests_total", "Requests").increment();
  assert.deepEqual(await samples(create()), []);
});

test("the process' own metrics are there when asked for", async () => {
  const metrics = createPrometheusMetrics({ labels: {}, processMetrics: true });
  assert.match(await metrics.expose(), /^process_cpu_user_seconds_total \d/m);
});

test("silent metrics accept everything", () => {
  const metrics = createSilentMetrics();
  metrics.counter("a", "A", ["x"]).labels({ x: 1 }).increment();
  metrics.gauge("b", "B").set(1);
  metrics.histogram("c", "C").observe(1);
});
