// The router's metrics, under CloudWatch's names where CloudWatch has them.
import type { Metrics } from "@azimuth/foundation/metrics.ts";
import type { DynamoDbException } from "@azimuth/model/exceptions.ts";

export interface RouterMetrics {
  succeeded(operation: string, milliseconds: number): void;
  failed(operation: string, error: DynamoDbException): void;
}

const throttlingTypes = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
]);

export function createRouterMetrics(metrics: Metrics): RouterMetrics {
  const latency = metrics.histogram("SuccessfulRequestLatency", "Seconds that successful requests took", [
    "Operation",
  ]);
  const userErrors = metrics.counter("UserErrors", "Requests answered with HTTP 400", ["Operation"]);
  const systemErrors = metrics.counter("SystemErrors", "Requests answered with HTTP 500", ["Operation"]);
  const throttled = metrics.counter("ThrottledRequests", "Requests that were throttled", ["Operation"]);
  const refused = metrics.counter("ConditionalCheckFailedRequests", "Writes whose condition was false", [
    "Operation",
  ]);
  return {
    succeeded: (operation, milliseconds) =>
      latency.labels({ Operation: operation }).observe(milliseconds / 1000),
    failed(operation, error) {
      const labels = { Operation: operation };
      if (error.type === "ConditionalCheckFailedException") refused.labels(labels).increment();
      else if (throttlingTypes.has(error.type)) throttled.labels(labels).increment();
      else if (error.status >= 500) systemErrors.labels(labels).increment();
      else userErrors.labels(labels).increment();
    },
  };
}
