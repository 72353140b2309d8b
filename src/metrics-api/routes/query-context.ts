import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { MetricsQueries } from '../metrics-queries.ts';
import type { TimeZones } from '../time-zones.ts';

/** What the routes of the metrics API work with. */
export interface QueryContext {
  readonly queries: MetricsQueries;
  readonly nowMs: () => number;
  readonly zones: TimeZones;
  readonly dimensions: KeptDimensions;
}

/** By what calls are summed beside their series, as the settings say. */
export interface KeptDimensions {
  readonly names: readonly string[];
  readonly areMinutesKept: boolean;
}

/** Aborted when the client went before it was answered. */
export function goneSignal(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  if (request.raw.destroyed) gone.abort();
  return gone.signal;
}

export function sendJson(reply: FastifyReply, text: string | Readable): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
