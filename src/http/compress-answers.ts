import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const gzipped = promisify(gzip);

const JSON_TYPE = 'application/json';
/** Below it the header would eat what is saved. */
const LENGTH_MIN = 1024;

/** The least effort: rows of numbers become a sixth of their size already, and more effort hardly helps. */
const EFFORT = { level: constants.Z_BEST_SPEED } as const;

/**
 * Sends texts of some length, and JSON that comes as a stream, compressed to who takes that. What comes as bytes is
 * left as it is, other streams likewise.
 */
export function compressAnswers(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    const isJsonStream = payload instanceof Readable && String(reply.getHeader('content-type')).startsWith(JSON_TYPE);
    if (!isJsonStream && (typeof payload !== 'string' || payload.length < LENGTH_MIN)) return payload;
    void reply.header('vary', 'accept-encoding');
    if (reply.hasHeader('content-encoding') || !takesGzip(request.headers['accept-encoding'])) return payload;
    void reply.header('content-encoding', 'gzip');
    // What breaks the one breaks the other, and whoever sends it is told by that.
    if (payload instanceof Readable) return pipeline(payload, createGzip(EFFORT), () => undefined);
    const bytes = await gzipped(payload, EFFORT);
    void reply.header('content-length', bytes.length);
    return bytes;
  });
}

/** Whether `Accept-Encoding` takes gzip; a weight of 0 is a refusal. */
export function takesGzip(accepted: string | string[] | undefined): boolean {
  const choices = String(accepted ?? '').split(',');
  return choices.some((choice) => {
    const [name = '', ...parameters] = choice.split(';').map((part) => part.trim().toLowerCase());
    return (name === 'gzip' || name === '*') && !parameters.some((each) => /^q=0(\.0*)?$/.test(each));
  });
}
