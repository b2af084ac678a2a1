// The errors about a statement. Most are said plainly; what the parser cannot read is wrapped in "Statement wasn't
// well formed"; some name the place, ` at line:column:length`. Sources for every text are in docs/messages.md.
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";

/** Of a token: all from 1, columns and lengths in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export function notWellFormed(detail: string): DynamoDbException {
  return validationException(`Statement wasn't well formed, can't be processed: ${detail}`);
}

export function errorAt(message: string, { line, column, length }: Place): DynamoDbException {
  return validationException(`${message} at ${line}:${column}:${length}`);
}

export function operandTypeError(operator: string, type: string): DynamoDbException {
  return validationException(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
}

export function operandCountError(name: string, count: number): DynamoDbException {
  return validationException(
    "Incorrect number of operands for operator or function; " +
      `operator or function: ${name}, number of operands: ${count}`,
  );
}

/** What WHERE says of the key is not the key of an item: in a transaction, a reason to cancel it. */
export class StatementKeyError extends DynamoDbException {
  constructor(message: string) {
    super("ValidationException", message);
  }
}

export const missingKeyMessage = "Where clause does not contain a mandatory equality on all key attributes";
