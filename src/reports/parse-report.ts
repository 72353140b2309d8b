import { Compile } from 'typebox/compile';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { MeterReport } from './meter-report.ts';
import { Report } from './report.ts';

export type Parsed<T> = { readonly ok: true; readonly report: T } | { readonly ok: false; readonly detail: string };
export type ParsedReport = Parsed<Report>;

const REPORTS = Compile(Report);
const METERS = Compile(MeterReport);
const DECODER = new TextDecoder();

/** Any producer may write to the topic, so what ingestion made is checked again. */
export function parseReport(value: Uint8Array | null): Parsed<Report | MeterReport> {
  if (value === null) return { ok: false, detail: 'The record has no value' };
  if (value.length > EVENT_BYTES_MAX) return { ok: false, detail: `A report takes at most ${EVENT_BYTES_MAX} bytes` };
  const parsed = parseJson(DECODER.decode(value));
  if (!parsed.ok) return parsed;
  return isMeter(parsed.report) ? checked(parsed.report, METERS) : checked(parsed.report, REPORTS);
}

/** Of what a span or a log record says. */
export function parseReportText(text: string): ParsedReport {
  const parsed = parseJson(text);
  return parsed.ok ? checked(parsed.report, REPORTS) : parsed;
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
