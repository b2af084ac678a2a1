// The door through which measurements leave: counters, gauges and histograms with labels, in Prometheus'
// conventions (base units, `_total` on counters). `labels` binds label values once, so that a hot path keeps the
// bound metric and pays for an addition only. Asking twice for a name gives the same metric.
import * as prometheus from "prom-client";

export type Labels = Readonly<Record<string, string | number>>;

export interface BoundCounter {
  increment(by?: number): void;
}

export interface BoundGauge {
  set(value: number): void;
}

export interface BoundHistogram {
  observe(value: number): void;
}

/** A metric without label names may be used directly. */
export interface Counter extends BoundCounter {
  labels(labels: Labels): BoundCounter;
}

export interface Gauge extends BoundGauge {
  labels(labels: Labels): BoundGauge;
  /** Forgets the value for these labels, of something that is no more. */
  remove(labels: Labels): void;
}

export interface Histogram extends BoundHistogram {
  labels(labels: Labels): BoundHistogram;
}

export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** `buckets` are upper bounds, ascending; without them, {@link latencyBuckets}. */
  histogram(name: string, help: string, labelNames?: readonly string[], buckets?: readonly number[]): Histogram;
}

export interface PrometheusMetrics extends Metrics {
  readonly contentType: string;
  /** Everything measured, in Prometheus' text format. */
  expose(): Promise<string>;
}

/** Seconds: from a local read to a request that waits for an election. */
export const latencyBuckets: readonly number[] = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

export interface PrometheusConfig {
  /** On every sample: the process, its zone. */
  readonly labels: Readonly<Record<string, string>>;
  /** Adds Node's and the process' own: CPU, memory, event loop delay, garbage collection. */
  readonly processMetrics: boolean;
}

export function createPrometheusMetrics(config: PrometheusConfig): PrometheusMetrics {
  const registry = new prometheus.Registry();
  registry.setDefaultLabels(config.labels);
  if (config.processMetrics) prometheus.collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const known = new Map<string, unknown>();
  const once = <Kind>(name: string, create: () => Kind): Kind => {
    if (!known.has(name)) known.set(name, create());
    return known.get(name) as Kind;
  };
  return {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    counter: (name, help, labelNames = []) =>
      once(name, () => wrapCounter(new prometheus.Counter({ name, help, labelNames: [...labelNames], registers }))),
    gauge: (name, help, labelNames = []) =>
      once(name, () => wrapGauge(new prometheus.Gauge({ name, help, labelNames: [...labelNames], registers }))),
    histogram: (name, help, labelNames = [], buckets = latencyBuckets) =>
      once(name, () =>
        wrapHistogram(
          new prometheus.Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers }),
        ),
      ),
  };
}

function wrapCounter(counter: prometheus.Counter): Counter {
  return {
    increment: (by = 1) => counter.inc(by),
    labels: (labels) => {
      const bound = counter.labels(labels);
      return { increment: (by = 1) => bound.inc(by) };
    },
  };
}

function wrapGauge(gauge: prometheus.Gauge): Gauge {
  return {
    set: (value) => gauge.set(value),
    labels: (labels) => gauge.labels(labels),
    remove: (labels) => gauge.remove(labels),
  };
}

function wrapHistogram(histogram: prometheus.Histogram): Histogram {
  return {
    observe: (value) => histogram.observe(value),
    labels: (labels) => histogram.labels(labels),
  };
}

/** Metrics that go nowhere: for tests and the simulator. */
export function createSilentMetrics(): Metrics {
  const bound = { increment() {}, set() {}, observe() {} };
  const metric = { ...bound, labels: () => bound, remove() {} };
  return { counter: () => metric, gauge: () => metric, histogram: () => metric };
}
