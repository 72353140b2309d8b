import assert from 'node:assert/strict';
import { LlmRequest } from '../src/events/llm-request.ts';
import { callJson } from '../src/metrics-api/answers/call-json.ts';
import { Call } from '../src/metrics-api/contract/answers.ts';
import { CallsParameters } from '../src/metrics-api/contract/parameters.ts';
import { RequestRecord } from '../src/metrics-processor/core/records/request-record.ts';
import { SeriesDictionary } from '../src/metrics-processor/core/records/series-dictionary.ts';
import { CALL_COLUMNS, CALL_REQUEST_ONLY } from '../src/metrics-store/call-columns.ts';
import { CALL_EQUALITIES, keptFilters } from '../src/metrics-store/call-filters.ts';
import { aCall } from '../src/metrics-store/contract/builders.ts';
import { MemoryCalls } from '../src/metrics-store/memory/memory-calls.ts';
import { COMMIT_FUNCTION } from '../src/metrics-store/postgres/commit-function.ts';

/** Run with the hook beside it: whether a row of the table is all that a kept field needs, but for its SQL column. */
const EVENT = {
  request_id: 'r1',
  tenant_id: 'acme',
  route: 'chat',
  model: 'gpt-4.1-mini',
  timestamp: '2025-11-19T10:00:00Z',
};

function keptOf(region: string): object | null {
  const record = new RequestRecord(new SeriesDictionary());
  const value = Buffer.from(JSON.stringify({ ...EVENT, region }));
  const refused = record.read({ key: Buffer.from('r1'), value, senderTenant: null, offset: 0, loggedAtMs: 0 });
  assert.equal(refused, null);
  return record.kept();
}

assert.ok('region' in LlmRequest.properties, 'schema');
const nothing = { userIdHash: null, sessionId: null, metadata: null };
assert.deepEqual(keptOf('eu'), { ...nothing, region: 'eu' }, 'read from the bytes');
assert.deepEqual(keptOf('zürich'), { ...nothing, region: 'zürich' }, 'read from the parsed event');

assert.ok(CALL_COLUMNS.includes('region'), 'column');
assert.ok(new Set<string>(CALL_REQUEST_ONLY).has('region'), 'an answer leaves it as it is stored');
assert.match(COMMIT_FUNCTION, /session_id text, region text/, 'SQL type');

assert.ok('region' in CallsParameters.properties, 'parameter');
assert.ok('region' in Call.properties, 'documented answer');
assert.ok(new Set<string>(CALL_EQUALITIES).has('region'), 'filter');
assert.deepEqual(
  keptFilters((name) => name),
  {
    userIdHash: 'user_id_hash',
    sessionId: 'session_id',
    region: 'region',
  },
);

const calls = new MemoryCalls();
const call = { ...aCall({}), region: 'eu' };
calls.write([{ kind: 'full', call }]);
const answer = { ...aCall({ completionTokens: 77 }), region: null };
calls.write([{ kind: 'answer', call: answer }]);
const stored = calls.readOne(call.tenantId, call.requestId);
assert.ok(stored !== null);
assert.equal((callJson(stored) as { region?: unknown }).region, 'eu', "the call's JSON");
assert.equal(stored.completionTokens, 77);
