import { OpenCalls } from '../reports/open-calls.ts';
import { requestIdOf } from '../reports/report.ts';
import { decodeLogs } from './decode/decode-logs.ts';
import type { OtlpFormat } from './decode/decode-traces.ts';
import type { Decoded } from './decode/trace-export.ts';
import { createFullKeyTable } from './dialects/wanted-keys.ts';
import { type ExplainOptions, fieldsOf, ignoredAttributes, type SpanExplanation } from './explain.ts';
import { logsToReports, type TranslatedLog } from './logs-to-reports.ts';

/** Shows for each log record of a posted export how it would be counted, in the words in which spans are explained. */
export function explainLogs(
  body: Uint8Array,
  format: OtlpFormat,
  options: ExplainOptions,
): Decoded<readonly SpanExplanation[]> {
  const decoded = decodeLogs(body, format, options.keys);
  if (!decoded.ok) return decoded;
  const whole = decodeLogs(body, format, createFullKeyTable());
  const all = whole.ok ? whole.value.logs : [];
  const { translated } = logsToReports(decoded.value, options);
  const open = new OpenCalls();
  for (const { report } of translated) {
    if (report !== null) open.add(report, { place: 0, loggedAtMs: 0 });
  }
  open.settle();
  const folded = open.folded();
  const callOf = new Map(open.calls().map((call) => [call.request.request_id, call]));
  const seen = new Set<string>();
  const value = translated.map(({ log, report, rule, reader, flaw }: TranslatedLog, i): SpanExplanation => {
    const id = report === null ? null : requestIdOf(report);
    const isRepeated = id !== null && seen.has(id);
    if (id !== null) seen.add(id);
    const into = id === null ? undefined : folded.get(id);
    const call = id === null || isRepeated ? undefined : callOf.get(id);
    const fields = reader === null ? [] : fieldsOf(reader.span, [reader.span], options);
    const outcome =
      flaw !== null ? 'rejected' : id === null ? 'ignored' : call === undefined ? 'folded' : ('counted' as const);
    return {
      trace_id: report?.trace_id ?? log.traceId,
      span_id: report?.span_id ?? log.spanId,
      name: log.eventName,
      scope: log.scope.name,
      outcome,
      reason: flaw ?? (isRepeated ? 'the same record again' : (into?.rule ?? rule)),
      request_id: into?.into ?? id,
      hint: null,
      fields,
      ignored_attributes: ignoredAttributes(all[i] ?? log, fields),
      events:
        call === undefined
          ? []
          : [
              { type: 'request', ...call.request },
              { type: 'response', ...call.response },
            ],
    };
  });
  return { ok: true, value };
}
