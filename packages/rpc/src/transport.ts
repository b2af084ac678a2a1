// The transport door: messages between processes, addressed by process name ("node-1", "router-1", "console").
// Delivery is best effort: a message may be lost when a connection breaks, and what was lost is not told; within
// one unbroken connection order is kept. Messages of one turn of the event loop to one peer travel together.
// The real transport (grpc-transport.ts) runs one long-lived bidirectional gRPC stream per pair of processes,
// contract in proto/azimuth.proto; the simulator has its own.
import type { WireMessage } from "./messages.ts";

export type Address = string;

export interface TransportHandlers {
  message(from: Address, message: WireMessage): void;
  /** A connection to the peer broke or could not be made. Messages sent shortly before may be lost. */
  peerDown(peer: Address): void;
  /** A connection to the peer was established, by either side. */
  peerUp(peer: Address): void;
}

export interface Transport {
  readonly self: Address;
  /** Must be called once, before anything is delivered. */
  start(handlers: TransportHandlers): void;
  /** Tells where a peer listens, as `host:port`. Peers that connect to us need no route. */
  setRoute(peer: Address, endpoint: string): void;
  /** Queues a message. Without a connection it makes one; when that fails the message is lost. */
  send(to: Address, message: WireMessage): void;
  isConnected(peer: Address): boolean;
  close(done: () => void): void;
}
