// The one form in which Signature Version 4 writes time: ISO 8601 basic, `20261122T103000Z`. A `Date` header in
// HTTP's own form is accepted too and converted, as AWS does.

const basicForm = /^\d{8}T\d{6}Z$/;

/** Milliseconds since 1970; undefined when the text is not a time in basic form. */
export function parseBasicTime(text: string): number | undefined {
  if (!basicForm.test(text)) return undefined;
  const year = digits(text, 0, 4);
  const [month, day] = [digits(text, 4, 6) - 1, digits(text, 6, 8)];
  const [hour, minute, second] = [digits(text, 9, 11), digits(text, 11, 13), digits(text, 13, 15)];
  if (month < 0 || month > 11 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return undefined;
  return Date.UTC(year, month, day, hour, minute, second);
}

function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + text.charCodeAt(i) - 48;
  return value;
}

export function formatBasicTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replaceAll("-", "").replaceAll(":", "")}Z`;
}

/** The basic form of a `Date` header; the text itself when it is not a date, so that errors can quote it. */
export function basicTimeOfDateHeader(text: string): string {
  if (basicForm.test(text)) return text;
  const time = Date.parse(text);
  return Number.isNaN(time) ? text : formatBasicTime(time);
}
