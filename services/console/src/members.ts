// How the console and the command line are told where processes are: `name=zone=host:port`, comma separated, the
// address being the process's --http listener. An empty zone stands outside the zones.

export interface Member {
  readonly name: string;
  readonly zone: string | null;
  /** host:port of its HTTP status listener. */
  readonly http: string;
}

/** Throws RangeError with one sentence when the text is malformed or a name occurs twice. */
export function parseMembers(text: string): readonly Member[] {
  const members = text.split(",").map((part) => part.trim()).filter((part) => part !== "").map(parseMember);
  const names = new Set(members.map(({ name }) => name));
  if (names.size !== members.length) throw new RangeError("A name occurs twice in the list of members.");
  return members;
}

function parseMember(part: string): Member {
  const [name, zone, http, ...rest] = part.split("=");
  if (!name || zone === undefined || !http || rest.length > 0 || !/:\d+$/.test(http)) {
    throw new RangeError(`"${part}" is not of the form name=zone=host:port.`);
  }
  return { name, zone: zone === "" ? null : zone, http };
}

export function formatMembers(members: readonly Member[]): string {
  return members.map(({ name, zone, http }) => `${name}=${zone ?? ""}=${http}`).join(",");
}
