import { Compile } from 'typebox/compile';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { payloadOf } from '../events/wire-format.ts';
import { MeterReport } from './meter-report.ts';
import { Report } from './report.ts';

type Parsed<T> = { readonly ok: true; readonly report: T } | { readonly ok: false; readonly detail: string };

const REPORTS = Compile(Report);
const METERS = Compile(MeterReport);
const DECODER = new TextDecoder();

/** Any producer may write to the topic, so what ingestion made is checked again. */
export function parseReport(raw: Uint8Array | null): Parsed<Report | MeterReport> {
  if (raw === null) return { ok: false, detail: 'The record has no value' };
  const value = payloadOf(raw);
  if (value.length > EVENT_BYTES_MAX) return { ok: false, detail: `A report takes at most ${EVENT_BYTES_MAX} bytes` };
  const parsed = parseJson(DECODER.decode(value));
  if (!parsed.ok) return parsed;
  return isMeter(parsed.report) ? checked(parsed.report, METERS) : checked(parsed.report, REPORTS);
}

function parseJson(text: string): Parsed<unknown> {
  try {
    return { ok: true, report: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, detail: 'The value is not JSON' };
  }
}

function isMeter(report: unknown): boolean {
  return typeof report === 'object' && report !== null && 'kind' in report && report.kind === 'meter';
}

interface Validator<T> {
  Check(value: unknown): value is T;
  Errors(value: unknown): Iterable<{ readonly instancePath: string; readonly message: string }>;
}

function checked<T>(report: unknown, validator: Validator<T>): Parsed<T> {
  if (validator.Check(report)) return { ok: true, report };
  const [error] = validator.Errors(report);
  return { ok: false, detail: `${error?.instancePath || 'The report'} ${error?.message ?? 'is not valid'}` };
}
