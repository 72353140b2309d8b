import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, zstdDecompress } from 'node:zlib';
import { Problem } from './problem.ts';

const DECOMPRESS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  zstd: promisify(zstdDecompress),
} as const;

interface SentBody {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * The body's bytes, decompressed. A bomb ends at the limit, not at its size.
 *
 * @throws {Problem} 413 beyond `bytesMax`, 415 for another encoding, 400 for bytes that are not what they claim
 */
export async function readBody({ headers, body }: SentBody, bytesMax: number): Promise<Buffer> {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') {
    if (body.length > bytesMax) throw tooLarge(bytesMax);
    return body;
  }
  if (!Object.hasOwn(DECOMPRESS, encoding)) {
    throw new Problem(415, `Content-Encoding "${encoding.slice(0, 64)}" is not known; use gzip, deflate, zstd or none`);
  }
  try {
    return await DECOMPRESS[encoding as keyof typeof DECOMPRESS](body, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax);
    throw new Problem(400, `The body is not ${encoding}, though Content-Encoding says so`);
  }
}

/** @throws {Problem} 415 unless the media type is one of these; a missing one is taken as the first */
export function mediaType({ headers }: Pick<SentBody, 'headers'>, ...accepted: readonly [string, ...string[]]): string {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? accepted[0];
  if (accepted.includes(type)) return type;
  throw new Problem(415, `Content-Type "${type.slice(0, 100)}" is not taken here; use ${accepted.join(' or ')}`);
}

function tooLarge(bytesMax: number): Problem {
  return new Problem(413, `The body takes more than ${bytesMax} bytes when decompressed`);
}
