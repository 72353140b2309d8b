import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Report } from '../reports/report.ts';
import { decodeTraces, type OtlpFormat } from './decode/decode-traces.ts';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { spansToReports } from './spans-to-reports.ts';
import { DimensionFinder } from './to-events/tenant-and-route.ts';

const FIXTURES = new URL('../../test/fixtures/', import.meta.url);

export interface ReportedCall {
  readonly trace_id: string;
  readonly span_id: string;
  readonly scope: string;
  readonly start_unix_nano: number;
  readonly latency_ms: number;
  readonly operation: string;
  readonly provider: string | null;
  readonly request_model: string | null;
  readonly response_model: string | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly finish_reason: string | null;
  readonly response_id: string | null;
  readonly error: {
    readonly type: string | null;
    readonly http_status: number | null;
    readonly message: string | null;
  } | null;
  readonly streaming: boolean | null;
  readonly ttft_ms: number | null;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly tenant: string | null;
}

/** What a client exported, as reports, and the calls that it made. */
export interface Capture {
  readonly name: string;
  readonly reports: readonly Report[];
  readonly callCount: number;
  /** Null where only their number is known. */
  readonly calls: readonly ReportedCall[] | null;
}

interface Meta {
  readonly case: string;
  readonly posts: readonly { readonly file: string; readonly signal: string; readonly content_type: string }[];
  readonly reported: { readonly calls: readonly ReportedCall[] };
}

const keys = createKeyTable(SHIPPED_ATTRIBUTE_NAMES);
const dimensions = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);

export function reportsIn(body: Uint8Array, format: OtlpFormat, tenantOfKey: string | null = null): readonly Report[] {
  const decoded = decodeTraces(body, format, keys);
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.reason);
  const { translated, rejected } = spansToReports(decoded.value, { tenantOfKey, dimensions });
  assert.deepEqual(rejected, []);
  return translated.flatMap(({ report }) => report ?? []);
}

/** The exports of real clients, one capture a case. */
export function clientCaptures(): readonly Capture[] {
  return readdirSync(new URL('otlp/', FIXTURES))
    .filter((name) => name.endsWith('.meta.json'))
    .map((name): Capture => {
      const meta = JSON.parse(readFileSync(new URL(`otlp/${name}`, FIXTURES), 'utf8')) as Meta;
      const reports = meta.posts
        .filter(({ signal }) => signal === 'traces')
        .flatMap(({ file, content_type }) => {
          const format = content_type.startsWith('application/json') ? 'json' : 'protobuf';
          return reportsIn(readFileSync(new URL(`otlp/${file}`, FIXTURES)), format);
        });
      const { calls } = meta.reported;
      return { name: meta.case, reports, calls, callCount: calls.length };
    });
}

/** Situations of several exports, each of one call but where ids repeat. The letter of a file tells the situation. */
export function fieldCaptures(): readonly Capture[] {
  const reportsBySituation = new Map<string, Report[]>();
  for (const folder of ['01-gateway-and-app-same-call', ...FIELD_FOLDERS]) {
    for (const file of readdirSync(new URL(`field/${folder}/`, FIXTURES))) {
      if (!file.endsWith('.json') || file === 'expect.json') continue;
      const situation = folder.startsWith('01') ? `${folder} ${file[0]}` : folder;
      const reports = reportsBySituation.get(situation) ?? [];
      reports.push(...reportsIn(readFileSync(new URL(`field/${folder}/${file}`, FIXTURES)), 'json'));
      reportsBySituation.set(situation, reports);
    }
  }
  const body = readFileSync(new URL('clients/f01-langchain-openinference-anthropic-stream.json', FIXTURES));
  reportsBySituation.set('f01', [...reportsIn(body, 'json')]);
  return Array.from(reportsBySituation, ([name, reports]) => {
    return { name, reports, calls: null, callCount: name.startsWith('23') ? 2 : 1 };
  });
}

const FIELD_FOLDERS = [
  '15-background-response-read-again',
  '18-tenant-on-a-parent-that-comes-later',
  '19-two-usages-on-one-span',
  '23-response-ids-that-repeat',
];
