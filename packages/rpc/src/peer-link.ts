// What one process keeps per peer, whatever carries the bytes: the queue, the connections and when to dial.
// Messages are encoded as they are sent, into the frame of the current turn; at the end of the turn the frame
// goes to the connection. While the connection has more than a window unwritten, frames are gathered instead, so
// that a slow peer gets fewer and larger ones. Both sides may have opened a connection: the one opened by the
// smaller name is used by both, any other stays as a spare.
//
// Invariants: at most one dial or retry pause is under way; without a connection and without a dial nothing is
// queued; `down` is called whenever messages of the current connection may have been lost, so that no one waits for
// their answers. What was left on a connection that became a spare and then broke is found out by timeouts.
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import { appendMessage } from "./encode-frame.ts";
import type { TransportLimits } from "./limits.ts";
import type { WireMessage } from "./messages.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

export interface Connection {
  /** Name of the process that opened it. */
  readonly opener: string;
  /** Identifies one run of the peer's process. */
  readonly incarnation: string;
  /** Hands over a frame; `written` is called once the socket has taken it. */
  write(frame: Buffer, written: () => void): void;
  /** Breaks the connection. It reports no more. */
  destroy(): void;
}

export interface PeerLinkDoors {
  readonly peer: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: TransportLimits;
  /** Begins to connect; ends in `attach` or `dialFailed`. */
  dial(endpoint: string): void;
  up(): void;
  down(): void;
}

export class PeerLink {
  readonly #doors: PeerLinkDoors;
  readonly #writer = new ProtobufWriter();
  #frames: Buffer[] = [];
  #frameBytes = 0;
  /** Bytes the current connection has not taken yet; a new count begins with every change of connection. */
  #window = { unwritten: 0 };
  #flushScheduled = false;
  #connections: Connection[] = [];
  #current: Connection | undefined;
  #endpoint: string | undefined;
  #state: "idle" | "dialing" | "pausing" | "closed" = "idle";
  #failedDials = 0;
  #pause: Timer | undefined;
  /** Something was to be sent during the pause. */
  #wanted = false;
  #downScheduled = false;
  #droppedMessages = 0;

  constructor(doors: PeerLinkDoors) {
    this.#doors = doors;
  }

  get isConnected(): boolean {
    return this.#current !== undefined;
  }

  /** Nothing to remember it by: no route, no connection, no dial. */
  get isForgettable(): boolean {
    return this.#endpoint === undefined && this.#connections.length === 0 && this.#state === "idle";
  }

  get queuedBytes(): number {
    return this.#window.unwritten + this.#frameBytes + this.#writer.length;
  }

  setRoute(endpoint: string): void {
    if (endpoint === this.#endpoint) return;
    this.#endpoint = endpoint;
    this.#failedDials = 0;
    if (this.#state === "pausing") this.#endPause();
  }

  send(message: WireMessage): void {
    if (this.#state === "closed") return;
    if (this.#current === undefined && !this.#connecting()) {
      this.#lose(message);
      return;
    }
    if (this.#refuses(message)) return;
    appendMessage(this.#writer, message);
    if (this.#writer.length >= this.#doors.limits.frameBytes) this.#cutFrame();
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      this.#doors.clock.defer(this.#flushLater);
    }
  }

  /** A connection with the peer, opened by either side, is ready. */
  attach(connection: Connection): void {
    if (this.#state === "closed") {
      connection.destroy();
      return;
    }
    // A connection opened by the peer leaves our own dial under way.
    if (this.#state === "pausing") this.#endPause();
    else if (connection.opener !== this.#doors.peer) this.#state = "idle";
    this.#failedDials = 0;
    const superseded = this.#connections.filter(
      (other) => other.incarnation !== connection.incarnation || other.opener === connection.opener,
    );
    this.#connections.push(connection);
    for (const other of superseded) {
      other.destroy();
      this.detach(other);
    }
    if (this.#current === undefined) {
      this.#current = this.#preferred();
      this.#doors.up();
    }
    const preferred = this.#preferred();
    if (preferred !== this.#current) this.#window = { unwritten: 0 };
    this.#current = preferred;
    this.#flush();
  }

  /** A connection broke. */
  detach(connection: Connection): void {
    const position = this.#connections.indexOf(connection);
    if (position < 0) return;
    this.#connections.splice(position, 1);
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#window = { unwritten: 0 };
    this.#discard();
    this.#doors.down();
    if (this.#current !== undefined || this.#connections.length === 0) return;
    this.#current = this.#preferred();
    this.#doors.up();
  }

  dialFailed(): void {
    if (this.#state !== "dialing") return;
    this.#state = "idle";
    if (this.#current !== undefined) return;
    const { clock, limits } = this.#doors;
    this.#state = "pausing";
    this.#wanted = false;
    const pauseMs = Math.min(limits.retryPauseMaxMs, limits.retryPauseMinMs * 2 ** this.#failedDials);
    this.#failedDials++;
    this.#pause = clock.after(pauseMs, () => {
      this.#endPause();
      if (this.#wanted) this.#connecting();
    });
    this.#discard();
    this.#doors.down();
  }

  close(): void {
    this.#flush();
    this.#pause?.cancel();
    this.#state = "closed";
    this.#discard();
    this.#current = undefined;
    for (const connection of this.#connections.splice(0)) connection.destroy();
  }

  readonly #flushLater = (): void => {
    this.#flushScheduled = false;
    this.#flush();
  };

  #flush(): void {
    const connection = this.#current;
    if (connection === undefined) return;
    const unwrittenBytesMax = this.#doors.limits.unwrittenBytesMax;
    const window = this.#window;
    while (this.queuedBytes > window.unwritten && window.unwritten < unwrittenBytesMax) {
      if (this.#frames.length === 0) this.#cutFrame();
      const frame = this.#frames.shift() as Buffer;
      this.#frameBytes -= frame.length;
      window.unwritten += frame.length;
      connection.write(frame, () => {
        if (this.#window !== window) return;
        window.unwritten -= frame.length;
        if (!this.#flushScheduled) this.#flush();
      });
    }
  }

  #cutFrame(): void {
    const frame = this.#writer.take();
    this.#frames.push(frame);
    this.#frameBytes += frame.length;
  }

  #discard(): void {
    this.#writer.take();
    this.#frames = [];
    this.#frameBytes = 0;
  }

  /** Starts a dial if none is under way and one may start now; false when what is sent now would be lost. */
  #connecting(): boolean {
    if (this.#state === "dialing") return true;
    if (this.#state === "pausing") this.#wanted = true;
    if (this.#state !== "idle" || this.#endpoint === undefined) return false;
    this.#state = "dialing";
    this.#doors.dial(this.#endpoint);
    return true;
  }

  #endPause(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#state = "idle";
  }

  /** True when the queue is too long for this message; far too long, and the connection is broken. */
  #refuses(message: WireMessage): boolean {
    const { limits, log, peer } = this.#doors;
    const queuedBytes = this.queuedBytes;
    if (queuedBytes < limits.queueBytesForRaftMax) {
      this.#droppedMessages = 0;
      return false;
    }
    if (message.kind === "raft" || message.kind === "heartbeats") {
      if (this.#droppedMessages++ === 0) log.warn("a peer is slow: dropping Raft messages", { peer, queuedBytes });
      return true;
    }
    if (queuedBytes < limits.queueBytesMax) return false;
    log.warn("a peer is too slow: breaking the connection", { peer, queuedBytes });
    const connection = this.#current;
    if (connection === undefined) {
      this.#discard();
      this.#lose(message);
      return true;
    }
    connection.destroy();
    this.detach(connection);
    return true;
  }

  /** Drops a message for want of a connection. Who waits for an answer learns it at the end of the turn. */
  #lose(message: WireMessage): void {
    if (message.kind !== "request" || this.#downScheduled) return;
    this.#downScheduled = true;
    this.#doors.clock.defer(() => {
      this.#downScheduled = false;
      if (this.#state !== "closed") this.#doors.down();
    });
  }

  #preferred(): Connection | undefined {
    let best: Connection | undefined;
    for (const connection of this.#connections) {
      if (best === undefined || connection.opener < best.opener) best = connection;
    }
    return best;
  }
}
