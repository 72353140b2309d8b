import { Compile } from 'typebox/compile';
import { EVENT_BYTES_MAX } from '../events/fields.ts';
import { Report } from './report.ts';

export type ParsedReport =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly detail: string };

const VALIDATOR = Compile(Report);
const DECODER = new TextDecoder();

/** Any producer may write to the topic, so what ingestion made is checked again. */
export function parseReport(value: Uint8Array | null): ParsedReport {
  if (value === null) return { ok: false, detail: 'The record has no value' };
  if (value.length > EVENT_BYTES_MAX) return { ok: false, detail: `A report takes at most ${EVENT_BYTES_MAX} bytes` };
  return parseReportText(DECODER.decode(value));
}

export function parseReportText(text: string): ParsedReport {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return { ok: false, detail: 'The value is not JSON' };
  }
  if (VALIDATOR.Check(report)) return { ok: true, report };
  const [error] = VALIDATOR.Errors(report);
  return { ok: false, detail: `${error?.instancePath || 'The report'} ${error?.message ?? 'is not valid'}` };
}
