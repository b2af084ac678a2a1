// The files door on a real directory.
//
// An append is one writev through a descriptor opened with O_DSYNC: one trip through the thread pool in place of
// two for a write and an fdatasync, and measured faster. Files grow by steps of written zeros, so that most
// syncs need not update the file's metadata; the zeros behind the last append are cut off when the file is closed,
// and after a crash a reader finds them.
// Names are made durable by syncing the directory. Nothing is retried: after a failed sync the kernel may have
// dropped the very pages it failed to write.
import fs from "node:fs";
import { join } from "node:path";
import { assert } from "@azimuth/foundation/assert.ts";
import type { AppendFile, Files } from "./files.ts";

const growthBytes = 1024 * 1024;
const zeros = Buffer.alloc(growthBytes);
const temporarySuffix = ".temporary";

export interface RealFilesOptions {
  /** Created when it does not exist. */
  readonly directory: string;
  readonly onFatal: (error: Error) => void;
}

export function createRealFiles({ directory, onFatal }: RealFilesOptions): Files {
  /** Runs one synchronous operation; an error is reported, then thrown, since there is no result to give. */
  const fatally = <T>(operation: () => T): T => {
    try {
      return operation();
    } catch (error) {
      onFatal(error as Error);
      throw error;
    }
  };
  const pathOf = (name: string): string => {
    assert(/^[\w.-]+$/.test(name) && !name.endsWith(temporarySuffix), `not a plain file name: ${name}`);
    return join(directory, name);
  };

  fatally(() => {
    fs.mkdirSync(directory, { recursive: true });
    // What a crash left of an atomic write was never part of the content.
    for (const name of fs.readdirSync(directory)) {
      if (name.endsWith(temporarySuffix)) fs.unlinkSync(join(directory, name));
    }
    syncDirectory(directory);
  });

  return {
    list: () => fatally(() => fs.readdirSync(directory).filter((name) => !name.endsWith(temporarySuffix)).sort()),
    create(name, preallocateBytes) {
      return fatally(() => {
        const flags = fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_DSYNC;
        const descriptor = fs.openSync(pathOf(name), flags, 0o644);
        syncDirectory(directory);
        return openAppendFile(name, descriptor, 0, preallocateBytes);
      });
    },
    open(name) {
      return fatally(() => {
        const descriptor = fs.openSync(pathOf(name), fs.constants.O_RDWR | fs.constants.O_DSYNC);
        const size = fs.fstatSync(descriptor).size;
        return openAppendFile(name, descriptor, size, growthBytes);
      });
    },
    truncate(name, size) {
      fatally(() => {
        const descriptor = fs.openSync(pathOf(name), "r+");
        fs.ftruncateSync(descriptor, size);
        fs.fsyncSync(descriptor);
        fs.closeSync(descriptor);
      });
    },
    rewrite(name, offset) {
      fatally(() => {
        const content = fs.readFileSync(pathOf(name));
        const descriptor = fs.openSync(pathOf(name), "r+");
        for (let at = offset; at < content.length; ) {
          at += fs.writeSync(descriptor, content, at, content.length - at, at);
        }
        fs.fsyncSync(descriptor);
        fs.closeSync(descriptor);
      });
    },
    remove(name) {
      fatally(() => {
        fs.unlinkSync(pathOf(name));
        syncDirectory(directory);
      });
    },
    writeAtomically(name, content) {
      fatally(() => {
        const path = pathOf(name);
        const temporary = path + temporarySuffix;
        const descriptor = fs.openSync(temporary, "w", 0o644);
        fs.writeFileSync(descriptor, content);
        fs.fsyncSync(descriptor);
        fs.closeSync(descriptor);
        fs.renameSync(temporary, path);
        syncDirectory(directory);
      });
    },
    readWhole(name) {
      return fatally(() => {
        const path = pathOf(name);
        return fs.existsSync(path) ? fs.readFileSync(path) : undefined;
      });
    },
  };
}

function openAppendFile(
  name: string,
  descriptor: number,
  initialSize: number,
  preallocateBytes: number,
): AppendFile {
  let size = initialSize;
  let allocated = initialSize;
  let underWay: ((error: Error | undefined) => void) | undefined;
  let closed = false;

  const closeDescriptor = (): void => {
    if (allocated > size) fs.ftruncateSync(descriptor, size);
    fs.closeSync(descriptor);
  };

  const finish = (error: Error | undefined): void => {
    const done = underWay;
    underWay = undefined;
    if (closed) closeDescriptor();
    if (!closed || error !== undefined) done?.(error);
  };

  return {
    name,
    get size() {
      return size;
    },
    appendSynced(parts, done) {
      assert(!closed && underWay === undefined, `${name}: one append at a time, and none after close`);
      underWay = done;
      const offset = size;
      for (const part of parts) size += part.length;
      const buffers = parts.slice();
      if (size > allocated && preallocateBytes > 0) {
        buffers.push(zeros.subarray(0, Math.min(preallocateBytes, growthBytes)));
      }
      allocated = Math.max(allocated, offset + byteLength(buffers));
      writeAll(descriptor, buffers, offset, finish);
    },
    read(offset, length) {
      assert(!closed, `${name} is closed`);
      const available = Math.max(0, Math.min(length, size - offset));
      const content = Buffer.allocUnsafe(available);
      let read = 0;
      while (read < available) {
        const count = fs.readSync(descriptor, content, read, available - read, offset + read);
        if (count === 0) break;
        read += count;
      }
      return content.subarray(0, read);
    },
    close() {
      if (closed) return;
      closed = true;
      if (underWay === undefined) closeDescriptor();
    },
  };
}

/** Writes everything, going on after a short write as the kernel may make near a limit. */
function writeAll(
  descriptor: number,
  buffers: readonly Uint8Array[],
  offset: number,
  done: (error: Error | undefined) => void,
): void {
  const total = byteLength(buffers);
  if (total === 0) return void setImmediate(() => done(undefined));
  fs.writev(descriptor, buffers, offset, (error, written) => {
    if (error) return done(error);
    if (written === total) return done(undefined);
    if (written === 0) return done(new Error("a write made no progress"));
    const rest = Buffer.concat(buffers).subarray(written);
    return writeAll(descriptor, [rest], offset + written, done);
  });
}

function byteLength(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, "r");
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
}
