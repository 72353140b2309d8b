import type { LogRecord } from '../../../src/event-log/event-log.ts';
import { senderOf } from './read-event.ts';

export type Facts = Readonly<Record<string, unknown>>;

/** A report as the oracle reads it from the log. */
export interface Said {
  readonly sender: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id?: string;
  readonly kind: 'call' | 'sum' | 'wire' | 'stream end' | 'context';
  readonly scope: string;
  readonly is_log?: true;
  readonly is_exception?: true;
  readonly is_traceless?: true;
  readonly is_agent?: true;
  readonly agent?: string;
  readonly process: string;
  readonly start_ms: number;
  readonly duration_ms: number | null;
  readonly names?: Readonly<Record<string, string>>;
  readonly facts?: Facts;
  readonly failure?: Facts;
  readonly response_id?: string;
  readonly metadata?: Facts;
  readonly request_digest?: string;
}

/** Null for what is none. Simulated senders break reports in few ways, and those are looked for. */
export function readReport(record: LogRecord): Said | null {
  const known = READ.get(record);
  if (known !== undefined) return known;
  const said = parse(record);
  READ.set(record, said);
  return said;
}

/** A record is read many times while a schedule runs. It never changes. */
const READ = new WeakMap<LogRecord, Said | null>();

function parse(record: LogRecord): Said | null {
  try {
    const said = JSON.parse(Buffer.from(record.value ?? []).toString()) as Said;
    const isWhole = /^[0-9a-f]{32}$/.test(said.trace_id) && /^[0-9a-f]{16}$/.test(said.span_id) && said.start_ms >= 0;
    if (!isWhole || typeof said.sender !== 'string') return null;
    // The key that it was sent with says whose it is, whatever it says itself.
    return record.senderTenant === null ? said : { ...said, sender: senderOf(record) };
  } catch {
    return null;
  }
}

export const idOf = ({ trace_id, span_id }: Said): string => `${trace_id}-${span_id}`;

/** Spans, log records and exceptions of one instrumentation are three reporters. */
export const reporterOf = ({ scope, is_log, is_exception }: Said): string => {
  if (is_exception === true) return `exception of ${scope}`;
  return is_log === true ? `log of ${scope}` : scope;
};

/** Whether `a` tells of its span what was known later than `b`: by its end, its tokens, and then by anything. */
export function isLater(a: Said, b: Said): boolean {
  const key = ({ start_ms, duration_ms, facts }: Said): number[] => [
    duration_ms === null ? Number.NEGATIVE_INFINITY : start_ms + duration_ms,
    ((facts?.['prompt_tokens'] as number | null | undefined) ?? 0) +
      ((facts?.['completion_tokens'] as number | null | undefined) ?? 0),
  ];
  const [endA, tokensA] = key(a) as [number, number];
  const [endB, tokensB] = key(b) as [number, number];
  if (endA !== endB) return endA > endB;
  if (tokensA !== tokensB) return tokensA > tokensB;
  return JSON.stringify(a) > JSON.stringify(b);
}
