// The constraint list of a request: "2 validation errors detected: Value null at 'tableName' failed to satisfy
// constraint: Member must not be null; Value …". The service's framework checks the declared constraints of all
// members before any of the service's own rules, reports at most ten, and names members by their path with a
// lower-case first letter, list elements as `.1.member`, map entries as `.key.member`.
import { validationException } from "./exceptions.ts";

const reportedMax = 10;

export class ConstraintList {
  readonly #failures: string[] = [];

  /** Adds a failure: `path` as DynamoDB writes it (`keySchema.1.member.keyType`), `rule` as "Member must …". */
  fail(value: unknown, path: string, rule: string): void {
    this.failShown(value === null || value === undefined ? "null" : `'${displayed(value)}'`, path, rule);
  }

  /** The same, of a value that is shown in words of its own. */
  failShown(shown: string, path: string, rule: string): void {
    if (this.#failures.length >= reportedMax) return;
    this.#failures.push(`Value ${shown} at '${path}' failed to satisfy constraint: ${rule}`);
  }

  get isEmpty(): boolean {
    return this.#failures.length === 0;
  }

  /** False, and a failure, when the value is missing. */
  required(value: unknown, path: string): boolean {
    if (value !== null && value !== undefined) return true;
    this.fail(value, path, "Member must not be null");
    return false;
  }

  oneOf(value: unknown, path: string, allowed: readonly string[]): void {
    if (value === null || value === undefined || allowed.includes(value as string)) return;
    this.fail(value, path, `Member must satisfy enum value set: [${allowed.join(", ")}]`);
  }

  length(value: unknown, path: string, min: number, max = Number.POSITIVE_INFINITY): void {
    if (value === null || value === undefined) return;
    const length = lengthOf(value);
    if (length < min) this.fail(value, path, `Member must have length greater than or equal to ${min}`);
    if (length > max) this.fail(value, path, `Member must have length less than or equal to ${max}`);
  }

  range(value: unknown, path: string, min: number, max = Number.POSITIVE_INFINITY): void {
    if (typeof value !== "number") return;
    if (value < min) this.fail(value, path, `Member must have value greater than or equal to ${min}`);
    if (value > max) this.fail(value, path, `Member must have value less than or equal to ${max}`);
  }

  /** `pattern` is matched against the whole text. */
  pattern(value: unknown, path: string, pattern: string): void {
    if (typeof value !== "string" || new RegExp(`^(?:${pattern})$`, "s").test(value)) return;
    this.fail(value, path, `Member must satisfy regular expression pattern: ${pattern}`);
  }

  throwIfAny(): void {
    const count = this.#failures.length;
    if (count === 0) return;
    throw validationException(
      `${count} validation error${count > 1 ? "s" : ""} detected: ${this.#failures.join("; ")}`,
    );
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return Object.keys(value as object).length;
}

/** Lists as `[a, b]`; structures as JSON (the service prints its own classes' text, which clients cannot rely on). */
function displayed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(displayed).join(", ")}]`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
