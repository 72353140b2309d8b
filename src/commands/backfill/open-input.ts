import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** History to send: a file, or what comes on standard input. */
export interface BackfillInput {
  readonly name: string;
  /** The size of the file in bytes as it is stored; null where nobody knows how much comes. */
  readonly size: number | null;
  /** How it begins, to tell it from another file of the same name. Empty for standard input. */
  readonly head: Uint8Array;
  /**
   * Decompressed bytes from `fromBytes` on. `onRead` hears how many bytes of the file were read. What is compressed is
   * read from its beginning.
   */
  read(fromBytes: number, onRead: (bytes: number) => void): AsyncIterable<Uint8Array>;
}

const HEAD_BYTES = 64 * 1024;

/**
 * @param path `-` for standard input. Compressed where it begins as gzip or zstd do, whatever it is called. @throws
 * when it cannot be read
 */
export async function openInput(path: string, stdin: Readable = process.stdin): Promise<BackfillInput> {
  if (path === '-') {
    return { name: '-', size: null, head: new Uint8Array(0), read: (fromBytes) => skipping(stdin, fromBytes) };
  }
  const head = await headOf(path);
  const { size } = await stat(path);
  const decompress = decompressorFor(head);
  return {
    name: path,
    size,
    head,
    read(fromBytes, onRead) {
      const start = decompress === null ? fromBytes : 0;
      onRead(start);
      const file = createReadStream(path, { start, highWaterMark: 256 * 1024 });
      const counted = counting(file, onRead);
      if (decompress === null) return counted;
      // An error of either stream ends the iteration below with it.
      return skipping(
        pipeline(counted, decompress(), () => undefined),
        fromBytes,
      );
    },
  };
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function decompressorFor(head: Buffer): (() => Transform) | null {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return createGunzip;
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return createZstdDecompress;
  return null;
}

function counting(file: Readable, onRead: (bytes: number) => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onRead(chunk.length);
      done(null, chunk);
    },
  });
  return pipeline(file, counter, () => undefined);
}

async function* skipping(input: AsyncIterable<unknown>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const item of input) {
    const chunk = item as Uint8Array;
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
