// The ValidationException about one expression: `Invalid <kind>: <what>; <detail>`. Sources for every text
// are in docs/messages.md.
import { validationException } from "@azimuth/model/exceptions.ts";
import type { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { ExpressionKind } from "./bindings.ts";

export function expressionError(kind: ExpressionKind, message: string): DynamoDbException {
  return validationException(`Invalid ${kind}: ${message}`);
}

export function operandTypeMessage(operator: string, type: string): string {
  return "Incorrect operand type for operator or function; " +
    `operator or function: ${operator}, operand type: ${type}`;
}

export function operandCountMessage(name: string, count: number): string {
  return "Incorrect number of operands for operator or function; " +
    `operator or function: ${name}, number of operands: ${count}`;
}

export function documentPathRequiredMessage(name: string): string {
  return `Operator or function requires a document path; operator or function: ${name}`;
}
