// Clients that no library would make: bare sockets that say anything and wait for what comes back, and callers of
// the gRPC port that name themselves as they like and send frames of any bytes.
import { connect, type Socket } from "node:net";
import * as grpc from "@grpc/grpc-js";

export interface Heard {
  /** Everything the other side said, as Latin-1. */
  readonly text: string;
  /** Whether it closed the connection within the limit. */
  readonly closed: boolean;
}

/** Connects, sends `bytes`, and listens until the connection is closed, `until` matches, or the limit is over. */
export function say(address: string, bytes: string | Buffer, limitMs: number, until?: RegExp): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = open(address);
    let text = "";
    let closed = false;
    const finish = (): void => {
      clearTimeout(timer);
      resolve({ text, closed });
      socket.destroy();
    };
    const timer = setTimeout(finish, limitMs);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (until?.test(text) === true) finish();
    });
    socket.on("close", () => {
      closed = true;
      finish();
    });
    socket.write(bytes);
  });
}

export function open(address: string): Socket {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  return socket;
}

/** The status of an HTTP answer; undefined when what came is none. */
export function statusOf({ text }: Heard): number | undefined {
  const status = /^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}

export interface Caller {
  readonly name: string;
  readonly cluster: string;
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** Opens the stream between processes and sends the frames; settles when it is closed or the limit is over. */
export function callPeer(address: string, caller: Caller, frames: readonly Buffer[], limitMs: number): Promise<"closed" | "open"> {
  return new Promise((resolve) => {
    const client = new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
    const metadata = new grpc.Metadata();
    metadata.set("azimuth-process", caller.name);
    metadata.set("azimuth-cluster", caller.cluster);
    metadata.set("azimuth-incarnation", String(performance.now()));
    const stream = client.makeBidiStreamRequest("/azimuth.Peer/Channel", asIs, asIs, metadata);
    const finish = (how: "closed" | "open"): void => {
      clearTimeout(timer);
      stream.cancel();
      client.close();
      resolve(how);
    };
    const timer = setTimeout(() => finish("open"), limitMs);
    stream.on("error", () => {});
    stream.on("data", () => {});
    stream.on("status", () => finish("closed"));
    for (const frame of frames) stream.write(frame);
  });
}
