// The agent's metrics: which of its processes run, how often each was started, and its own process' numbers. The
// metrics library is loaded when somebody asks, so that it does not delay the start of what the agent owns.
import type { PrometheusMetrics } from "@azimuth/foundation/metrics.ts";
import type { ProcessReport } from "./supervisor.ts";

export interface ExposedMetrics {
  expose(): Promise<string>;
}

/** `load` opens the metrics door; `list` is empty for a process that owns no others. */
export function createLazyMetrics(
  load: () => Promise<PrometheusMetrics>, list: () => readonly ProcessReport[],
): ExposedMetrics {
  let loading: Promise<PrometheusMetrics> | undefined;
  return {
    async expose() {
      loading ??= load();
      const metrics = await loading;
      const up = metrics.gauge("azimuth_process_running", "1 while the process runs, 0 otherwise", ["name", "kind"]);
      const starts = metrics.gauge("azimuth_process_starts", "How often the agent started it", ["name", "kind"]);
      for (const { name, kind, state, starts: count } of list()) {
        up.labels({ name, kind }).set(state === "running" ? 1 : 0);
        starts.labels({ name, kind }).set(count);
      }
      return metrics.expose();
    },
  };
}
