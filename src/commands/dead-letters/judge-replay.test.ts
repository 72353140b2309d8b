import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecord } from '../../metrics-processor/core/records/parse-record.ts';
import type { DeadLetter } from '../../metrics-store/outbox.ts';
import { judgeReplay, type ReplayFacts } from './judge-replay.ts';

const LOGGED_MS = Date.UTC(2025, 10, 19, 10);
const RESPONSE = { request_id: 'r1', timestamp: '2025-11-19T10:00:05Z', latency_ms: 5 };
const REQUEST = { request_id: 'r1', tenant_id: 'acme', route: 'chat', model: 'gpt', timestamp: '2025-11-19T10:00:05Z' };

function aLetter(value: unknown, parts: Partial<DeadLetter> = {}): DeadLetter {
  const bytes = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    topic: 'llm.responses',
    partition: 0,
    offset: 1,
    loggedAtMs: LOGGED_MS,
    reason: 'no_request',
    detail: '',
    tenantId: null,
    key: Buffer.from('r1'),
    value: Buffer.from(bytes),
    ...parts,
  };
}

/** An hour later, with everything that is needed. */
const FACTS: ReplayFacts = {
  readRecord: parseRecord,
  nowMs: LOGGED_MS + 3_600_000,
  joinTimeoutMs: 1_800_000,
  dedupHorizonMs: 900_000,
  hasRequest: () => true,
  isCounted: () => false,
};

function judge(letter: DeadLetter, facts: Partial<ReplayFacts> = {}): string {
  const verdict = judgeReplay(letter, { ...FACTS, ...facts });
  return verdict.isReplayable ? `replay ${verdict.record.topic} ${verdict.record.key}` : verdict.why;
}

test('an orphaned response is replayed once its request is in the log', () => {
  assert.equal(judge(aLetter(RESPONSE)), 'replay llm.responses r1');
  assert.match(judge(aLetter(RESPONSE), { hasRequest: () => false }), /no request .* send the request again first/);
});

test('an orphan is not replayed while its id would be taken as a repetition', () => {
  assert.match(judge(aLetter(RESPONSE), { nowMs: LOGGED_MS + 900_000 }), /repetition until 2025-11-19T10:15:00.000Z/);
  assert.match(judge(aLetter(RESPONSE), { nowMs: LOGGED_MS + 900_001 }), /^replay/);
});

test('a record under a wrong key is replayed under the right one, at once', () => {
  const letter = aLetter(REQUEST, { topic: 'llm.requests', reason: 'key_mismatch', key: Buffer.from('wrong') });
  assert.equal(judge(letter, { nowMs: LOGGED_MS + 1 }), 'replay llm.requests r1');
});

test('a request is not replayed when a call of its id was counted since', () => {
  const letter = aLetter(REQUEST, { topic: 'llm.requests', reason: 'key_mismatch', key: null });
  assert.match(judge(letter, { isCounted: (id) => id === 'r1' }), /counted already/);
});

test('what is still not valid is not replayed', () => {
  const invalid = { topic: 'llm.requests', reason: 'invalid' } as const;
  assert.match(judge(aLetter({ request_id: 'r1' }, invalid)), /still not valid: .*required/);
  for (const value of ['not json', 'null', '[]', '{"request_id":7}', '{"request_id":""}']) {
    assert.match(judge(aLetter(value, invalid)), /holds no request_id/);
  }
  assert.match(judge({ ...aLetter(''), value: null }), /holds no request_id/);
});

test('a response reaches back for the join timeout, an evaluation not beyond the dedup horizon', () => {
  const asked: number[] = [];
  const hasRequest = (_: object, withinMs: number): boolean => asked.push(withinMs) > 0;
  judge(aLetter(RESPONSE), { hasRequest });
  const evaluation = { request_id: 'r1', name: 'helpful', timestamp: RESPONSE.timestamp, score: 1 };
  judge(aLetter(evaluation, { topic: 'llm.evaluations', reason: 'no_call' }), { hasRequest });
  assert.deepEqual(asked, [1_800_000, 900_000]);
});

test('an evaluation with its own dimensions needs no request, another one does', () => {
  const evaluation = { request_id: 'r1', name: 'helpful', timestamp: RESPONSE.timestamp, score: 1 };
  const where = { topic: 'llm.evaluations', reason: 'no_call' } as const;
  const own = { ...evaluation, tenant_id: 'acme', route: 'chat', model: 'gpt' };
  assert.match(judge(aLetter(own, where), { hasRequest: () => false }), /^replay/);
  assert.match(judge(aLetter(evaluation, where), { hasRequest: () => false }), /no request/);
});
