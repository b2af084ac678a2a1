// Names of hosts to addresses, for those who connect again and again. The system's lookup blocks one of the few threads
// that also write files and sync them, for ten seconds and more when a network is cut; so there is one lookup at
// a time in the whole process, and a name that was found before is answered at once with the address it had, while a
// new lookup is queued behind. A host that moved is found at the try after that lookup.
import { lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";

/** `done` is called once, not before the call has returned; undefined when there is no such name or no answer. */
export type Lookup = (host: string, done: (address: string | undefined) => void) => void;

export interface AddressBook {
  /** `done` is called once: at once for what is known, else after a lookup. */
  find(host: string, done: (address: string | undefined) => void): void;
}

const lookupBySystem: Lookup = (host, done) =>
  systemLookup(host, { order: "ipv4first" }, (error, address) => done(error === null ? address : undefined));

export function createAddressBook(lookup: Lookup = lookupBySystem): AddressBook {
  const known = new Map<string, string>();
  /** Hosts to be looked up, with those who wait; the first one's lookup is under way. */
  const queue = new Map<string, ((address: string | undefined) => void)[]>();

  const lookUpFirst = (): void => {
    const [host] = queue.keys();
    if (host === undefined) return;
    lookup(host, (address) => {
      if (address !== undefined) known.set(host, address);
      const waiting = queue.get(host) ?? [];
      queue.delete(host);
      lookUpFirst();
      for (const done of waiting) done(address);
    });
  };

  return {
    find(host, done) {
      if (isIP(host) !== 0) return done(host);
      const address = known.get(host);
      const isIdle = queue.size === 0;
      const waiting = queue.get(host) ?? [];
      if (address === undefined) waiting.push(done);
      queue.set(host, waiting);
      if (isIdle) lookUpFirst();
      if (address !== undefined) done(address);
    },
  };
}
