// The initial nodes of a cluster, as every process is told at its start: `node-1=az-1=127.0.0.1:7101,node-2=…`.
// They found the cluster together; group 0 starts on the first of each zone. Later members are in the map.

export interface Member {
  readonly name: string;
  readonly zone: string;
  /** host:port of its gRPC listener. */
  readonly endpoint: string;
}

/** Throws an Error with one clear sentence when `text` is not such a list. */
export function parseMembers(text: string): readonly Member[] {
  const members = text.split(",").map((part): Member => {
    const [name, zone, endpoint, ...rest] = part.split("=");
    if (!name || !zone || !endpoint || rest.length > 0 || !/^.+:\d+$/.test(endpoint)) {
      throw new Error(`--members: "${part}" is not of the form name=zone=host:port`);
    }
    return { name, zone, endpoint };
  });
  const names = new Set(members.map((member) => member.name));
  if (names.size !== members.length) throw new Error("--members names a node twice");
  return members;
}

/** Node numbers (position from 1) of the first member of each zone: where group 0 starts. */
export function controlFounders(members: readonly Member[]): readonly number[] {
  const zones = new Set<string>();
  const founders: number[] = [];
  members.forEach((member, position) => {
    if (zones.has(member.zone) || zones.size === 3) return;
    zones.add(member.zone);
    founders.push(position + 1);
  });
  return founders;
}
