// Messages of a node to itself need no network.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";

export function withLoopback(
  transport: Transport,
  clock: Clock,
  receive: (from: string, message: WireMessage) => void,
): Transport {
  return {
    self: transport.self,
    start: (handlers) => transport.start(handlers),
    setRoute: (peer, endpoint) => transport.setRoute(peer, endpoint),
    send(to, message) {
      if (to === transport.self) clock.defer(() => receive(transport.self, message));
      else transport.send(to, message);
    },
    isConnected: (peer) => peer === transport.self || transport.isConnected(peer),
    close: (done) => transport.close(done),
  };
}
