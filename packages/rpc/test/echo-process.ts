// A process of its own that answers requests, for tests that kill or freeze it. Prints its port.
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createGrpcTransport } from "@azimuth/rpc/grpc-transport.ts";

const transport = createGrpcTransport({
  self: "echo",
  clusterId: "test",
  listen: "127.0.0.1:0",
  clock: createRealClock(),
  log: silentLogger,
  onListening: (port) => process.stdout.write(`${port}\n`),
});
transport.start({
  message(from, message) {
    if (message.kind !== "request") return;
    transport.send(from, { kind: "response", id: message.id, status: "ok", body: message.body, replica: 0, leads: false });
  },
  peerUp() {},
  peerDown() {},
});
