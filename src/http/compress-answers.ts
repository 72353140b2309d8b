import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const gzipped = promisify(gzip);

/** Below it the header would eat what is saved. */
const LENGTH_MIN = 1024;

/** The least effort: rows of numbers become a sixth of their size already, and more effort hardly helps. */
const EFFORT = { level: constants.Z_BEST_SPEED } as const;

/** Sends texts of some length compressed to who takes that. What comes as bytes is left as it is, streams likewise. */
export function compressAnswers(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length < LENGTH_MIN) return payload;
    void reply.header('vary', 'accept-encoding');
    if (reply.hasHeader('content-encoding') || !takesGzip(request.headers['accept-encoding'])) return payload;
    const bytes = await gzipped(payload, EFFORT);
    void reply.header('content-encoding', 'gzip').header('content-length', bytes.length);
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
