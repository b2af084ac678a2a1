// As much of etcd's v3 gRPC API as the bench needs: Put, and Range of one key. The messages are few and
// flat, so they are written by hand; answers are not looked into, for the client's CPU time is not what is
// measured. Field numbers: etcd's rpc.proto, package etcdserverpb.
import * as grpc from "@grpc/grpc-js";

export class EtcdClient {
  readonly #client: grpc.Client;

  constructor(endpoint: string) {
    const options = { "grpc.enable_http_proxy": 0 };
    this.#client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), options);
  }

  put(key: Uint8Array, value: Uint8Array): Promise<Buffer> {
    return this.#call("/etcdserverpb.KV/Put", Buffer.concat([bytesField(1, key), bytesField(2, value)]));
  }

  range(key: Uint8Array, serializable: boolean): Promise<Buffer> {
    const flag = Buffer.from(serializable ? [(7 << 3) | 0, 1] : []);
    return this.#call("/etcdserverpb.KV/Range", Buffer.concat([bytesField(1, key), flag]));
  }

  close(): void {
    this.#client.close();
  }

  #call(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, asIs, asIs, request, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error("no answer"));
      });
    });
  }
}

const asIs = (bytes: Buffer): Buffer => bytes;

function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
