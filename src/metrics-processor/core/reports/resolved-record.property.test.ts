import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientCaptures, fieldCaptures } from '../../../otlp/captured-reports.contract.ts';
import type { Facts, Report } from '../../../reports/report.ts';
import { resolve } from '../../../reports/resolve.ts';
import { FLAT_PRICES } from '../core-builders.contract.ts';
import { SeriesDictionary } from '../records/series-dictionary.ts';
import { NO_DIMENSIONS } from '../sums/dimension-deltas.ts';
import type { ResolvedParts } from '../sums/effects.ts';
import { RecordOutcomes } from '../sums/record-outcomes.ts';
import { ResolvedRecord } from './resolved-record.ts';

const record = new ResolvedRecord(new SeriesDictionary(), []);

function addedBy(parts: ResolvedParts): unknown {
  const { effects } = new RecordOutcomes(() => 0, NO_DIMENSIONS);
  effects.add(parts, FLAT_PRICES, false);
  const { tallies, usages, senderCalls, calls } = effects.toCommit();
  return { tallies, usages, senderCalls, calls };
}

/** @returns whether it could be read without being resolved */
function assertReadAlike(report: Report): boolean {
  const [call, ...others] = resolve([report]);
  assert.ok(call !== undefined && others.length === 0);
  const series = record.seriesOfWhole(report);
  assert.deepEqual(series, record.seriesOf(call));
  const parts = record.readWhole(report, series);
  if (parts === null) return false;
  const read = addedBy(parts);
  assert.deepEqual(read, addedBy(record.read(call)));
  return true;
}

test('a captured call that is read from its report adds what it adds when it is resolved', () => {
  const reports = [...clientCaptures(), ...fieldCaptures()].flatMap((capture) => capture.reports);
  // Judged by itself, none has anything above it.
  const alone = reports.filter(({ kind }) => kind !== 'context');
  const read = alone.filter(assertReadAlike);
  assert.ok(read.length > alone.length / 2, 'most of them know of no failure');
});

const count = fc.constantFrom(null, 0, 3, 1000);
const anyFacts = fc.record(
  {
    model: fc.constantFrom(null, 'm1'),
    answered_model: fc.constantFrom(null, 'm2'),
    provider: fc.constantFrom(null, 'openai'),
    operation: fc.constantFrom(null, 'chat', 'embeddings'),
    stream: fc.boolean(),
    prompt_tokens: count,
    cached_prompt_tokens: count,
    cache_write_tokens: count,
    cache_write_1h_tokens: count,
    audio_prompt_tokens: count,
    cached_audio_prompt_tokens: count,
    image_prompt_tokens: count,
    completion_tokens: count,
    reasoning_tokens: count,
    audio_completion_tokens: count,
    image_completion_tokens: count,
    web_search_requests: count,
    time_to_first_token_ms: fc.constantFrom(null, 0, 12.5, 9000),
    finish_reason: fc.constantFrom(null, '', 'stop', 'cancelled'),
    service_tier: fc.constantFrom(null, '', 'flex', 'priority'),
    error: fc.constantFrom(null, '', 'rate limit'),
    error_kind: fc.constantFrom(null, 'cancelled', 'timeout'),
    reported_cost_usd: fc.constantFrom(null, 0, 0.25),
    cost_reported_by: fc.constantFrom(null, 'provider', 'gateway', 'client'),
    cache_hit: fc.constantFrom(null, true, false),
    latency_ms: fc.constantFrom(null, 7),
    tenant_id: fc.constantFrom('a stranger'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Facts>;

const name = fc.constantFrom('a', 'b');
const anyReport = fc.record(
  {
    sender: fc.constantFrom('', 'acme'),
    trace_id: fc.constant('a'.repeat(32)),
    span_id: fc.constant('b'.repeat(16)),
    kind: fc.constant('call'),
    scope: fc.constantFrom('openlit', ''),
    process: fc.constantFrom('shop\n\n\n1', '\n\n\n', ''),
    start_ms: fc.double({ min: 0, max: Date.UTC(2199, 0, 1), noNaN: true }),
    duration_ms: fc.oneof(fc.constantFrom(null, 0, 1e12), fc.double({ min: 0, max: 1e6, noNaN: true })),
    names: fc.record(
      {
        tenant: name,
        route: name,
        http_route: name,
        resource_tenant: name,
        resource_route: name,
        user: name,
        session: name,
      },
      { requiredKeys: [] },
    ),
    facts: anyFacts,
    failure: fc.constant({ error: 'boom' }),
    response_id: fc.constantFrom('chatcmpl-8', ''),
  },
  { requiredKeys: ['sender', 'trace_id', 'span_id', 'kind', 'scope', 'process', 'start_ms', 'duration_ms'] },
) as fc.Arbitrary<Report>;

test('so does any other, whatever it says', () => {
  fc.assert(
    fc.property(anyReport, (report) => void assertReadAlike(report)),
    { numRuns: 3000 },
  );
});
