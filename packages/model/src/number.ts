// DynamoDB numbers: decimals of up to 38 significant digits between 1E-130 and 9.99…E+125, kept as canonical text.
//
// Canonical means plain decimal notation as DynamoDB returns it: no exponent, no leading or trailing zeros, no
// "+", no "-0". Two numbers are equal exactly when their canonical texts are. Arithmetic is on BigInt with a
// shared exponent, so nothing is ever rounded; a result that does not fit is refused like an input that does not.
import { validationException } from "./exceptions.ts";

export const numberDigitsMax = 38;
const exponentMax = 125;
const exponentMin = -130;

const canonicalInteger = /^(?:0|-?[1-9][0-9]{0,37})$/;
const decimalText = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$/;

/** Sign, significant digits and position of the decimal point: 0.`digits` × 10^`point`. Zero has no digits. */
export interface DecimalParts {
  readonly negative: boolean;
  readonly digits: string;
  readonly point: number;
}

/** The canonical text of a number as a client wrote it; throws DynamoDB's exact ValidationExceptions. */
export function parseNumber(text: string): string {
  if (text.length <= numberDigitsMax && canonicalInteger.test(text)) return text;
  const match = decimalText.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole.length + fraction.length === 0) {
    const shown = text === "" ? "" : `: ${text}`;
    throw validationException(`The parameter cannot be converted to a numeric value${shown}`);
  }
  const point = whole.length + Number(match[4] ?? "0");
  return formatChecked(match[1] === "-", whole + fraction, point);
}

/** Negative, zero or positive as `left` is below, equal to or above `right`; both canonical. */
export function compareNumbers(left: string, right: string): number {
  if (left === right) return 0;
  const a = decimalParts(left);
  const b = decimalParts(right);
  const signs = signOf(a) - signOf(b);
  if (signs !== 0) return signs;
  const magnitudes = compareMagnitudes(a, b);
  return a.negative ? -magnitudes : magnitudes;
}

export function addNumbers(left: string, right: string): string {
  return sum(decimalParts(left), decimalParts(right), false);
}

export function subtractNumbers(left: string, right: string): string {
  return sum(decimalParts(left), decimalParts(right), true);
}

/** Takes a canonical number apart. */
export function decimalParts(canonical: string): DecimalParts {
  const negative = canonical.charCodeAt(0) === 0x2d;
  const start = negative ? 1 : 0;
  const dot = canonical.indexOf(".");
  const whole = canonical.slice(start, dot < 0 ? canonical.length : dot);
  const fraction = dot < 0 ? "" : canonical.slice(dot + 1);
  return normalized(negative, whole + fraction, whole.length);
}

/**
 * Bytes a canonical number counts as: one; one for every two significant digits, counted apart on either side of the
 * point; one for a minus. Measured against the service to the byte (operations/docs/messages.md).
 */
export function numberSize(canonical: string): number {
  const { negative, digits, point } = decimalParts(canonical);
  if (digits.length === 0) return 1;
  const whole = Math.min(Math.max(point, 0), digits.length);
  return 1 + Math.ceil(whole / 2) + Math.ceil((digits.length - whole) / 2) + (negative ? 1 : 0);
}

function sum(left: DecimalParts, right: DecimalParts, subtract: boolean): string {
  const leftExponent = left.point - left.digits.length;
  const rightExponent = right.point - right.digits.length;
  const exponent = Math.min(leftExponent, rightExponent);
  const scaledRight = scaled(right, rightExponent - exponent);
  const total = scaled(left, leftExponent - exponent) + (subtract ? -scaledRight : scaledRight);
  const digits = (total < 0n ? -total : total).toString();
  return formatChecked(total < 0n, digits, digits.length + exponent);
}

function scaled(parts: DecimalParts, zeros: number): bigint {
  const magnitude = BigInt((parts.digits === "" ? "0" : parts.digits) + "0".repeat(zeros));
  return parts.negative ? -magnitude : magnitude;
}

function normalized(negative: boolean, digits: string, point: number): DecimalParts {
  let start = 0;
  while (start < digits.length && digits.charCodeAt(start) === 0x30) start++;
  let end = digits.length;
  while (end > start && digits.charCodeAt(end - 1) === 0x30) end--;
  if (start === end) return { negative: false, digits: "", point: 0 };
  return { negative, digits: digits.slice(start, end), point: point - start };
}

function formatChecked(negative: boolean, allDigits: string, allPoint: number): string {
  const { digits, point } = normalized(negative, allDigits, allPoint);
  if (digits === "") return "0";
  if (point - 1 > exponentMax) {
    throw validationException(
      "Number overflow. Attempting to store a number with magnitude larger than supported range",
    );
  }
  if (point - 1 < exponentMin) {
    throw validationException(
      "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    );
  }
  if (digits.length > numberDigitsMax) {
    throw validationException("Attempting to store more than 38 significant digits in a Number");
  }
  return (negative ? "-" : "") + plain(digits, point);
}

function plain(digits: string, point: number): string {
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + "0".repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function signOf(parts: DecimalParts): number {
  if (parts.digits === "") return 0;
  return parts.negative ? -1 : 1;
}

function compareMagnitudes(a: DecimalParts, b: DecimalParts): number {
  if (a.point !== b.point) return a.point - b.point;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -1 : 1;
}
