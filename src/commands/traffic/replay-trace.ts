import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { EventSender, SendError, type Target } from './event-sender.ts';
import { showProgress } from './progress.ts';
import { sendAll } from './send-all.ts';
import { sendReport } from './send-report.ts';
import { traceCall, traceRoute } from './trace-calls.ts';
import { parseTraceRow, TRACE_HEADER, type TraceRow } from './trace-row.ts';
import type { TrafficEvent } from './traffic-event.ts';

export interface ReplayTrace {
  readonly files: readonly string[];
  readonly target: Target;
  readonly tenant: string;
  /** Undefined: from the name of each file. */
  readonly route: string | undefined;
  readonly model: string;
  readonly batch: number;
  readonly signal: AbortSignal;
}

interface PlacedRow {
  readonly row: TraceRow;
  readonly line: number;
}

interface TraceFile {
  readonly file: string;
  readonly rows: readonly PlacedRow[];
}

const POSTS_MAX = 4;

/**
 * Sends the calls of Azure LLM inference traces, as fast as they are taken. Returns the report.
 *
 * @throws {SendError} when a file is no such trace, before anything is sent, or when the events cannot be sent
 */
export async function replayTrace({ files, target, batch, signal, ...subject }: ReplayTrace): Promise<string> {
  const traces: TraceFile[] = [];
  for (const path of files) traces.push({ file: basename(path), rows: await readTrace(path) });
  const progress = showProgress(
    traces.reduce((sum, { rows }) => sum + rows.length, 0),
    'calls',
  );
  const sender = new EventSender(target);
  const startedMs = performance.now();
  let calls = 0;
  try {
    await sendAll(traceEvents(traces, subject), sender, {
      batchMax: batch,
      postsMax: POSTS_MAX,
      isPaced: false,
      signal,
      onSent: (count) => {
        calls += count;
        progress.advance(count);
      },
    });
  } finally {
    progress.stop();
  }
  return sendReport(sender.counts, { calls, tookMs: performance.now() - startedMs, baseUrl: target.baseUrl });
}

function* traceEvents(
  traces: readonly TraceFile[],
  { tenant, route, model }: Pick<ReplayTrace, 'tenant' | 'route' | 'model'>,
): Generator<TrafficEvent> {
  for (const { file, rows } of traces) {
    const subject = { tenant, route: route ?? traceRoute(file), model };
    for (const { row, line } of rows) {
      const { request, response } = traceCall(row, { file, line }, subject);
      yield { type: 'request', event: request, atMs: 0, endsCall: false };
      yield { type: 'response', event: response, atMs: 0, endsCall: true };
    }
  }
}

async function readTrace(path: string): Promise<PlacedRow[]> {
  const rows: PlacedRow[] = [];
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text === '' || (line === 1 && text.replace(/^\uFEFF/, '') === TRACE_HEADER)) continue;
      const row = parseTraceRow(text);
      if (row === null) {
        throw new SendError(
          `${path}, line ${line}: must be ${TRACE_HEADER}, such as 2023-11-16 18:15:46.6805900,374,44; got ${JSON.stringify(text.slice(0, 80))}`,
        );
      }
      rows.push({ row, line });
    }
  } catch (error) {
    if (error instanceof SendError) throw error;
    throw new SendError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (rows.length === 0) throw new SendError(`${path} holds no calls; it must be a CSV file of ${TRACE_HEADER}`);
  return rows;
}
