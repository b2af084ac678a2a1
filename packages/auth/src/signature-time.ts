// The one form in which Signature Version 4 writes time: ISO 8601 basic, `20261122T103000Z`. A `Date` header in
// HTTP's own form is accepted too and converted, as AWS does.

const basicForm = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Milliseconds since 1970; undefined when the text is not a time in basic form. */
export function parseBasicTime(text: string): number | undefined {
  const parts = basicForm.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number, number, number, number, number, number,
  ];
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  return formatBasicTime(time) === text ? time : undefined;
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
