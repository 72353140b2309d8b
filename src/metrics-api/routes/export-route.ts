import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { invalidQuery } from '../../http/invalid-query.ts';
import { queryParser } from '../../http/parse-query.ts';
import { Problem } from '../../http/problem.ts';
import { ExportParameters, STEPS_MS } from '../contract/parameters.ts';
import { columnsOf } from '../export/datasets.ts';
import { encoded } from '../export/encoder.ts';
import { exportAbout } from '../export/export-about.ts';
import type { ExportRow } from '../export/export-column.ts';
import { contentTypeOf, openEncoder } from '../export/export-format.ts';
import { exportPages } from '../export/export-pages.ts';
import type { ExportPage, ExportQuery } from '../export/export-query.ts';
import { exportStep } from '../export/export-step.ts';
import { type CheckReader, limitStream } from '../stream-life.ts';
import { exportedDimensions } from './dimension-of.ts';
import type { KeptDimensions, QueryContext } from './query-context.ts';
import { rangeOf } from './range-of.ts';
import { tenantsOf } from './tenants-of.ts';

/** Each holds a page of rows and what the client has not taken. */
const EXPORTS_MAX = 8;
const RETRY_AFTER_S = 5;

/** `GET /v1/export`: the file is made as the client takes it. One that ends early has no end of its transfer. */
export function addExportRoute(server: FastifyInstance, context: QueryContext, checkReader: CheckReader | null): void {
  const { queries, nowMs, dimensions } = context;
  const parse = queryParser(ExportParameters);
  const running = new Set<AbortController>();
  server.addHook('preClose', async () => {
    for (const each of running) each.abort();
  });
  server.get('/v1/export', async (request, reply) => {
    const { format = 'csv', ...asked } = parse(request.query);
    const query = queryOf(asked, nowMs(), dimensions);
    if (running.size >= EXPORTS_MAX) {
      throw new Problem(503, `There are ${EXPORTS_MAX} exports under way`, { retryAfterS: RETRY_AFTER_S });
    }
    const ended = new AbortController();
    running.add(ended);
    const release = limitStream({ headers: request.headers, checkReader, end: () => ended.abort() });
    reply.raw.once('close', () => {
      ended.abort();
      running.delete(ended);
      release();
    });
    const completeThroughMs = await queries.completeThroughMs();
    const read = (cursor: Parameters<typeof queries.exportPage>[0]['cursor']): Promise<ExportPage> =>
      queries.exportPage({ query, cursor }, ended.signal);
    // What cannot be answered is a problem with its status, and no file that breaks off.
    const first = await read(null);
    const about = exportAbout(query, completeThroughMs);
    const encoder = await openEncoder(format, columnsOf(query.dataset), about);
    const body = Readable.from(encoded(encoder, pagesFrom(first, read)), { objectMode: false });
    ended.signal.addEventListener('abort', () => body.destroy(), { once: true });
    return reply
      .header('content-type', contentTypeOf(format))
      .header('content-disposition', `attachment; filename="${query.dataset}.${format}"`)
      .header('x-complete-until', about['streamlens.complete_until'] ?? '')
      .send(body);
  });
}

function queryOf(asked: Omit<ExportParameters, 'format'>, nowMs: number, kept: KeptDimensions): ExportQuery {
  const { dataset, step, billing_account: account } = asked;
  const found = exportStep(dataset, step === undefined ? null : STEPS_MS[step]);
  if ('wrong' in found) throw invalidQuery([{ path: '/step', message: found.wrong }]);
  if (account !== undefined && dataset !== 'focus') {
    throw invalidQuery([{ path: '/billing_account', message: 'has a meaning for focus only' }]);
  }
  const { stepMs } = found;
  return {
    dataset,
    tenantId: tenantsOf(asked.tenant_id),
    ...rangeOf(asked, { nowMs, unitMs: stepMs, defaultToMs: nowMs }),
    stepMs,
    dimensions: exportedDimensions(asked, kept),
    billingAccount: account ?? 'default',
  };
}

async function* pagesFrom(
  first: ExportPage,
  read: Parameters<typeof exportPages>[0],
): AsyncGenerator<readonly ExportRow[], void, undefined> {
  yield* exportPages((cursor) => (cursor === null ? Promise.resolve(first) : read(cursor)));
}
