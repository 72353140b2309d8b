import type { Call } from '../../metrics-store/call.ts';
import { CALL_KEPT } from '../../metrics-store/call-columns.ts';
import type { KeptFilters } from '../../metrics-store/call-filters.ts';
import { readCallPage } from '../../metrics-store/call-pages.ts';
import type { MetricsReader } from '../../metrics-store/metrics-reader.ts';
import { parseBill } from '../../prices/bill.ts';
import { type ColumnKind, type DerivedColumn, rowOf } from './export-column.ts';
import type { ExportCursor, ExportPage, ExportQuery } from './export-query.ts';
import { pageByTenant, type ReadTenant } from './page-by-tenant.ts';

const fact = (
  name: string,
  kind: ColumnKind,
  about: string,
  field: Exclude<keyof Call, 'requestId' | 'timestampMs'>,
): DerivedColumn<Call> => ({ name, kind, about, of: (call) => call[field] });

/** Single calls, under the names of `/v1/calls`. What is not known is null. */
export const CALL_COLUMNS: readonly DerivedColumn<Call>[] = [
  { name: 'request_id', kind: 'text', about: 'The id.', of: (call) => call.requestId },
  fact('tenant_id', 'text', 'Whose call.', 'tenantId'),
  fact('route', 'text', 'The route.', 'route'),
  fact('model', 'text', 'The model, as it was asked for.', 'model'),
  fact('provider', 'text', 'Empty where the call did not say it.', 'provider'),
  { name: 'timestamp', kind: 'instant', about: "The request's, UTC.", of: (call) => call.timestampMs },
  fact('status', 'text', 'completed, error, waiting or unanswered.', 'status'),
  fact('latency_ms', 'number', 'From the request to the response.', 'latencyMs'),
  fact('time_to_first_token_ms', 'number', 'To the first token.', 'timeToFirstTokenMs'),
  fact('prompt_tokens', 'integer', 'Cached and written tokens included.', 'promptTokens'),
  fact('completion_tokens', 'integer', 'Reasoning tokens included.', 'completionTokens'),
  fact('cached_prompt_tokens', 'integer', 'Read from a cache.', 'cachedPromptTokens'),
  fact('cache_write_tokens', 'integer', 'Written to a cache.', 'cacheWriteTokens'),
  fact('reasoning_tokens', 'integer', 'A part of completion_tokens.', 'reasoningTokens'),
  fact('error', 'text', 'What the error said.', 'error'),
  fact('error_kind', 'text', 'How it ended, where it did not end well.', 'errorKind'),
  fact('answered_model', 'text', 'The model that answered, where it said so.', 'answeredModel'),
  fact('estimated_cost_usd', 'decimal', 'Null where nobody knows it.', 'costPicoUsd'),
  fact('cost_source', 'text', 'provider, gateway, list, file, free or none.', 'costSource'),
  fact('reported_cost_usd', 'decimal', 'What the provider or gateway said it charged.', 'reportedCostPicoUsd'),
  fact('list_cost_usd', 'decimal', 'What the price list says.', 'listCostPicoUsd'),
  {
    name: 'price_version',
    kind: 'text',
    about: 'The price list and model, or the line of PRICES_FILE, by which it was priced.',
    of: ({ bill }) => (bill === null ? null : parseBill(bill).source),
  },
  fact('bill', 'json', 'Its lines: part, count, and price in 10^-12 USD a piece.', 'bill'),
  ...CALL_KEPT.map(
    ({ name, field, kind, answer }): DerivedColumn<Call> => ({
      name,
      kind: kind === 'object' ? 'json' : kind,
      about: answer,
      of: (call) => call[field as keyof KeptFilters],
    }),
  ),
];

/** Calls may be large: metadata alone has up to 16 KiB. */
const PAGE_ROWS = 500;

/** By tenant, the newest of each first. */
export function readCallsPage(
  store: MetricsReader,
  query: ExportQuery,
  cursor: ExportCursor | null,
): Promise<ExportPage> {
  const { fromMs, toMs } = query;
  const read: ReadTenant = async (tenantId, place, limit) => {
    const [value, requestId] = place ?? [];
    const after = place === null ? null : { value: Number(value), requestId: String(requestId) };
    const { calls, next } = await readCallPage(store, { tenantId, fromMs, toMs }, { after, limit });
    return {
      rows: calls.map((call) => rowOf(CALL_COLUMNS, call)),
      end: next === null ? null : [next.value, next.requestId],
    };
  };
  return pageByTenant(store, query, { cursor, rowsMax: PAGE_ROWS, read });
}
