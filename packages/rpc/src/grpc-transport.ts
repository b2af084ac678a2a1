// The real Transport: one bidirectional gRPC stream per pair of processes (proto/azimuth.proto), frames of raw
// bytes through @grpc/grpc-js, encoded and decoded by our own codec. Why streams and not calls:
// docs/decisions/0003-batched-streams.md. This file knows gRPC; queues, back-pressure and retries are in
// peer-link.ts.
//
// A connection is up for the caller once the other side's metadata has named the process it meant to reach, and
// for the called side once the caller has named itself and the cluster. Whatever else arrives on the port is
// refused without harm. Each dial has a client of its own, so that gRPC's own reconnect pauses never delay us.
import { randomUUID } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import { createAddressBook } from "./address-book.ts";
import { decodeFrame } from "./decode-frame.ts";
import { defaultTransportLimits, type TransportLimits } from "./limits.ts";
import { type Connection, PeerLink } from "./peer-link.ts";
import type { Address, Transport, TransportHandlers } from "./transport.ts";

const channelPath = "/azimuth.Peer/Channel";
const asIs = (bytes: Buffer): Buffer => bytes;

const serviceDefinition = {
  channel: {
    path: channelPath,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} satisfies grpc.ServiceDefinition;

export interface GrpcTransportConfig {
  /** Name of this process. */
  readonly self: Address;
  /** Processes of another cluster are refused. */
  readonly clusterId: string;
  /** `host:port`, port 0 for any; undefined for a process that only calls. */
  readonly listen: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: TransportLimits;
  readonly onListening?: (port: number) => void;
}

type Stream = grpc.ClientDuplexStream<Buffer, Buffer> | grpc.ServerDuplexStream<Buffer, Buffer>;

export function createGrpcTransport(config: GrpcTransportConfig): Transport {
  return new GrpcTransport(config);
}

class GrpcTransport implements Transport {
  readonly self: Address;
  readonly #config: GrpcTransportConfig;
  readonly #limits: TransportLimits;
  readonly #incarnation = randomUUID();
  readonly #linkByPeer = new Map<Address, PeerLink>();
  readonly #cancelDials = new Set<() => void>();
  readonly #addresses = createAddressBook();
  #handlers: TransportHandlers | undefined;
  #server: grpc.Server | undefined;
  #closed = false;

  constructor(config: GrpcTransportConfig) {
    this.#config = config;
    this.#limits = config.limits ?? defaultTransportLimits;
    this.self = config.self;
  }

  start(handlers: TransportHandlers): void {
    assert(this.#handlers === undefined, "a transport is started once");
    this.#handlers = handlers;
    if (this.#config.listen !== undefined) this.#listen(this.#config.listen);
  }

  setRoute(peer: Address, endpoint: string): void {
    if (peer !== this.self) this.#link(peer).setRoute(endpoint);
  }

  send(to: Address, message: Parameters<Transport["send"]>[1]): void {
    // An answer to a caller that has gone finds nobody; only who waits for an answer must be told.
    if (message.kind !== "request" && to !== this.self) this.#linkByPeer.get(to)?.send(message);
    else if (to !== this.self) this.#link(to).send(message);
    else this.#config.clock.defer(() => {
      if (!this.#closed) this.#handlers?.message(this.self, message);
    });
  }

  isConnected(peer: Address): boolean {
    return peer === this.self || (this.#linkByPeer.get(peer)?.isConnected ?? false);
  }

  close(done: () => void): void {
    assert(!this.#closed, "a transport is closed once");
    this.#closed = true;
    for (const cancel of [...this.#cancelDials]) cancel();
    for (const link of this.#linkByPeer.values()) link.close();
    this.#server?.forceShutdown();
    this.#config.clock.defer(done);
  }

  #link(peer: Address): PeerLink {
    let link = this.#linkByPeer.get(peer);
    if (link === undefined) {
      const { clock, log } = this.#config;
      link = new PeerLink({
        peer,
        clock,
        log,
        limits: this.#limits,
        dial: (endpoint) => this.#dial(peer, endpoint),
        up: () => this.#handlers?.peerUp(peer),
        down: () => this.#handlers?.peerDown(peer),
      });
      this.#linkByPeer.set(peer, link);
    }
    return link;
  }

  #listen(endpoint: string): void {
    const server = new grpc.Server(this.#channelOptions());
    this.#server = server;
    server.addService(serviceDefinition, {
      channel: (stream: grpc.ServerDuplexStream<Buffer, Buffer>) => this.#accept(stream),
    });
    server.bindAsync(endpoint, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (this.#closed) return;
      if (error !== null) throw new Error(`cannot listen on ${endpoint}: ${error.message}`);
      this.#config.log.info("listening for peers", { endpoint, port });
      this.#config.onListening?.(port);
    });
  }

  #accept(stream: grpc.ServerDuplexStream<Buffer, Buffer>): void {
    const peer = readName(stream.metadata, "azimuth-process");
    const clusterId = readName(stream.metadata, "azimuth-cluster");
    if (peer === "" || peer === this.self || clusterId !== this.#config.clusterId || this.#closed) {
      this.#config.log.warn("refused a caller", { peer, clusterId, from: stream.getPeer() });
      stream.on("error", () => {});
      stream.emit("error", { code: grpc.status.PERMISSION_DENIED, details: "not a process of this cluster" });
      return;
    }
    stream.sendMetadata(this.#metadata());
    const link = this.#link(peer);
    const connection = this.#connection(stream, {
      peer,
      opener: peer,
      incarnation: readName(stream.metadata, "azimuth-incarnation"),
      // Ending the stream with an error is how a server breaks it.
      destroy: () => stream.emit("error", { code: grpc.status.ABORTED, details: "broken by the peer" }),
    });
    link.attach(connection);
    const broken = (): void => {
      link.detach(connection);
      if (link.isForgettable && this.#linkByPeer.get(peer) === link) this.#linkByPeer.delete(peer);
    };
    stream.on("cancelled", broken);
    stream.on("error", broken);
    stream.on("end", () => {
      broken();
      stream.end();
    });
  }

  /** Finds the peer's address and calls it there; `dialTimeoutMs` for each. */
  #dial(peer: Address, endpoint: string): void {
    const colon = endpoint.lastIndexOf(":");
    let waiting = true;
    const stop = (): boolean => {
      const wasWaiting = waiting;
      waiting = false;
      deadline.cancel();
      this.#cancelDials.delete(cancel);
      return wasWaiting;
    };
    const cancel = (): void => {
      if (stop()) this.#link(peer).dialFailed();
    };
    const deadline = this.#config.clock.after(this.#limits.dialTimeoutMs, cancel);
    this.#cancelDials.add(cancel);
    this.#addresses.find(endpoint.slice(0, colon).replace(/^\[|\]$/g, ""), (address) => {
      if (address === undefined) return cancel();
      if (!stop()) return;
      this.#call(peer, `${address.includes(":") ? `[${address}]` : address}${endpoint.slice(colon)}`);
    });
  }

  #call(peer: Address, endpoint: string): void {
    const { clock, log } = this.#config;
    const client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), this.#channelOptions());
    const stream = client.makeBidiStreamRequest(channelPath, asIs, asIs, this.#metadata());
    const link = this.#link(peer);
    let connection: Connection | undefined;
    const cancel = (): void => stream.cancel();
    const deadline = clock.after(this.#limits.dialTimeoutMs, cancel);
    this.#cancelDials.add(cancel);
    stream.on("metadata", (metadata) => {
      const answered = readName(metadata, "azimuth-process");
      if (answered !== peer) {
        log.warn("another process answers at this endpoint", { peer, endpoint, answered });
        stream.cancel();
        return;
      }
      deadline.cancel();
      const incarnation = readName(metadata, "azimuth-incarnation");
      connection = this.#connection(stream, { peer, opener: this.self, incarnation, destroy: cancel });
      link.attach(connection);
    });
    stream.on("error", () => {});
    stream.on("end", () => stream.end());
    stream.on("status", (status) => {
      deadline.cancel();
      this.#cancelDials.delete(cancel);
      client.close();
      log.debug("a connection ended", { peer, endpoint, code: status.code, details: status.details });
      if (connection !== undefined) link.detach(connection);
      else link.dialFailed();
    });
  }

  /** Wires a stream's frames to the handlers and returns it as what a link uses. */
  #connection(
    stream: Stream,
    about: { readonly peer: Address; readonly opener: Address; readonly incarnation: string; destroy(): void },
  ): Connection {
    const { peer, opener, incarnation, destroy } = about;
    let open = true;
    const connection: Connection = {
      opener,
      incarnation,
      write: (frame, written) => {
        if (open) stream.write(frame, written);
      },
      destroy: () => {
        if (!open) return;
        open = false;
        destroy();
      },
    };
    stream.on("data", (frame: Buffer) => {
      if (!open) return;
      const messages = decodeFrame(frame);
      if (messages === undefined) {
        this.#config.log.error("a frame cannot be decoded: breaking the connection", { peer, bytes: frame.length });
        connection.destroy();
        this.#link(peer).detach(connection);
        return;
      }
      const handlers = this.#handlers as TransportHandlers;
      for (const message of messages) handlers.message(peer, message);
    });
    return connection;
  }

  #metadata(): grpc.Metadata {
    const metadata = new grpc.Metadata();
    metadata.set("azimuth-process", this.self);
    metadata.set("azimuth-cluster", this.#config.clusterId);
    metadata.set("azimuth-incarnation", this.#incarnation);
    return metadata;
  }

  #channelOptions(): grpc.ChannelOptions {
    const limits = this.#limits;
    return {
      "grpc.max_receive_message_length": limits.frameBytesMax,
      "grpc.max_send_message_length": limits.frameBytesMax,
      "grpc.keepalive_time_ms": limits.pingPeriodMs,
      "grpc.keepalive_timeout_ms": limits.pingTimeoutMs,
      "grpc.keepalive_permit_without_calls": 1,
      // For those who connect and open no stream, or more than one.
      "grpc.max_connection_idle_ms": limits.idleMs,
      "grpc.max_concurrent_streams": limits.streamsPerConnectionMax,
      "grpc-node.flow_control_window": limits.unwrittenBytesMax,
      // Peers are reached directly, whatever proxy the environment names.
      "grpc.enable_http_proxy": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.use_local_subchannel_pool": 1,
      // A stream is never retried; without this, gRPC would take frames off our hands and buffer them itself.
      "grpc.enable_retries": 0,
      "grpc.per_rpc_retry_buffer_size": 0,
      "grpc.enable_channelz": 0,
    };
  }
}

function readName(metadata: grpc.Metadata, key: string): string {
  const value = metadata.get(key)[0];
  return typeof value === "string" ? value : "";
}
