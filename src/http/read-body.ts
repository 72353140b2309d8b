import type { IncomingHttpHeaders } from 'node:http';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import pLimit from 'p-limit';
import type { BodyLease } from './body-budget.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { Problem } from './problem.ts';

const DECOMPRESS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  zstd: createZstdDecompress,
} as const;

/**
 * Bodies that are decompressed at once. If all were that came together, each would take its part of the budget and none
 * would find the rest of it.
 */
const DECOMPRESSIONS_MAX = 2;
const decompressions = pLimit(DECOMPRESSIONS_MAX);

/** A body as it was sent, with its share of the budget. */
interface CompressedBody {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly lease: BodyLease;
}

/**
 * The body's bytes, decompressed. A bomb ends at the limit, not at its size.
 *
 * @throws {Problem} 413 beyond `bytesMax`, 415 for another encoding, 400 for bytes that are not what they claim, 503
 *   where there is no room for it
 */
export async function readBody(sent: CompressedBody, bytesMax: number): Promise<Buffer> {
  const encoding = encodingOf(sent.headers);
  if (encoding === null) {
    if (sent.body.length > bytesMax) throw tooLarge(bytesMax);
    return sent.body;
  }
  const bytes = await decompressions(() => decompress(sent, encoding, bytesMax));
  sent.lease.remove(sent.body.length);
  return bytes;
}

/** Null for a body that is not compressed. @throws {Problem} 415 */
function encodingOf(headers: IncomingHttpHeaders): keyof typeof DECOMPRESS | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return null;
  if (Object.hasOwn(DECOMPRESS, encoding)) return encoding as keyof typeof DECOMPRESS;
  throw new Problem(415, `Content-Encoding "${encoding.slice(0, 64)}" is not known; use gzip, deflate, zstd or none`);
}

function decompress(
  { body, lease }: Pick<CompressedBody, 'body' | 'lease'>,
  encoding: keyof typeof DECOMPRESS,
  bytesMax: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = DECOMPRESS[encoding]();
    const bytes = new GrowingBytes(lease, bytesMax);
    const refuse = (problem: unknown): void => {
      stream.removeAllListeners('data').destroy();
      reject(problem);
    };
    stream.on('data', (part: Buffer) => {
      try {
        if (bytes.length + part.length > bytesMax) throw tooLarge(bytesMax);
        bytes.add(part);
      } catch (problem) {
        refuse(problem);
      }
    });
    stream.on('end', () => resolve(bytes.take()));
    stream.on('error', () => refuse(new Problem(400, `The body is not ${encoding}, though Content-Encoding says so`)));
    stream.end(body);
  });
}

/** @throws {Problem} 415 unless the media type is one of these. A browser sends a missing one for any page. */
export function mediaType(headers: IncomingHttpHeaders, ...accepted: readonly [string, ...string[]]): string {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (accepted.includes(type)) return type;
  const got = type === '' ? 'A missing Content-Type' : `Content-Type "${type.slice(0, 100)}"`;
  throw new Problem(415, `${got} is not taken here; use ${accepted.join(' or ')}`);
}

function tooLarge(bytesMax: number): Problem {
  return new Problem(413, `The body takes more than ${bytesMax} bytes when decompressed`);
}
