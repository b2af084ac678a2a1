// A Raft configuration in bytes: four lists of replica ids, each with its length, and one flag.
import type { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import type { ConfigState } from "@azimuth/raft/types.ts";

export function writeConfig(writer: ByteWriter, config: ConfigState): void {
  for (const list of [config.voters, config.votersOutgoing, config.learners, config.learnersNext]) {
    writer.varint(list.length);
    for (const replica of list) writer.varint(replica);
  }
  writer.uint8(config.autoLeave ? 1 : 0);
}

export function readConfig(reader: ByteReader): ConfigState {
  const list = (): number[] => {
    const replicas: number[] = [];
    for (let left = reader.varint(); left > 0; left--) replicas.push(reader.varint());
    return replicas;
  };
  return {
    voters: list(),
    votersOutgoing: list(),
    learners: list(),
    learnersNext: list(),
    autoLeave: reader.uint8() === 1,
  };
}
