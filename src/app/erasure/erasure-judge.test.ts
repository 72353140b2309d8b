import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS, type Topic } from '../../events/topics.ts';
import { wirePrefix } from '../../events/wire-format.ts';
import type { ErasureSubject } from '../../metrics-store/erasure.ts';
import { erasureJudge, type JudgedRecord } from './erasure-judge.ts';

interface Placed extends JudgedRecord {
  readonly topic: Topic;
}

function record(topic: Topic, key: string, value: object, sender: string | null = null): Placed {
  const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(JSON.stringify(value))];
  return { topic, key: keyBytes, value: valueBytes, senderTenant: sender === null ? null : Buffer.from(sender) };
}

/** What becomes of each: kept, dropped, or the value that it has then. */
function judged(subject: ErasureSubject, records: readonly Placed[]): unknown[] {
  const judge = erasureJudge(subject);
  for (const { topic, learn } of judge.lessons) {
    for (const each of records) if (each.topic === topic) learn(each);
  }
  return records.map((each) => {
    const outcome = judge.judge(each.topic, each);
    return typeof outcome === 'string' ? outcome : (JSON.parse(Buffer.from(outcome).toString()) as unknown);
  });
}

const ACME: ErasureSubject = { kind: 'tenant', tenantId: 'acme "1"' };
const { requests, responses, evaluations, reports, metrics, deadLetters } = TOPICS;

test("a tenant's requests go, by what they say or by the key they came with, however a name is escaped", () => {
  const escaped: Placed = {
    ...record(requests, 'c', {}),
    value: Buffer.from(String.raw`{"tenant_id":"\u0061cme \"1\""}`),
  };
  const outcomes = judged(ACME, [
    record(requests, 'a', { tenant_id: 'acme "1"' }),
    record(requests, 'b', { tenant_id: 'globex', metadata: { note: 'acme "1"' } }),
    escaped,
    record(requests, 'd', { tenant_id: 'globex' }, 'acme "1"'),
    record(requests, 'e', { tenant_id: 'acme "1"' }, 'globex'),
  ]);
  assert.deepEqual(outcomes, ['drop', 'keep', 'drop', 'drop', 'keep']);
});

test('a response goes with its call, unless another tenant uses the id too', () => {
  const outcomes = judged(ACME, [
    record(responses, 'early', {}),
    record(requests, 'early', { tenant_id: 'acme "1"' }),
    record(requests, 'both', { tenant_id: 'acme "1"' }),
    record(requests, 'both', { tenant_id: 'globex' }),
    record(responses, 'both', {}),
    record(responses, 'both', { tenant_id: 'acme "1"' }),
    record(responses, 'both', {}, 'acme "1"'),
    record(evaluations, 'early', { name: 'good' }),
    record(responses, 'other', {}),
  ]);
  const expected = ['drop', 'drop', 'drop', 'keep', 'keep', 'drop', 'drop', 'drop', 'keep'];
  assert.deepEqual(outcomes, expected);
});

test('a span that names nobody goes with its trace, unless another tenant is named in it', () => {
  const report = (trace: string, names: object | undefined, sender = ''): Placed =>
    record(reports, trace, { sender, trace_id: trace, names });
  const outcomes = judged(ACME, [
    report('1', undefined),
    report('1', { tenant: 'acme "1"' }),
    report('2', undefined),
    report('2', { tenant: 'acme "1"' }),
    report('2', { tenant: 'globex' }),
    report('1', undefined, 'globex'),
    report('3', { tenant: 'acme "1"' }, 'globex'),
    record(reports, 'm', { kind: 'meter', sender: '', tenant: 'acme "1"' }),
  ]);
  assert.deepEqual(outcomes, ['drop', 'drop', 'keep', 'drop', 'keep', 'keep', 'keep', 'drop']);
});

test('published rows and dead letters go, also a letter that only its record tells to be theirs', () => {
  const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64');
  const outcomes = judged(ACME, [
    record(metrics, 'acme "1"|r|m', { tenant_id: 'acme "1"' }),
    record(metrics, 'x|r|m', { tenant_id: 'x' }),
    record(deadLetters, 'k', { topic: requests, tenant_id: 'acme "1"', value_base64: null }),
    record(deadLetters, 'k', { topic: requests, tenant_id: null, value_base64: base64({ tenant_id: 'acme "1"' }) }),
    record(deadLetters, 'k', { topic: requests, tenant_id: 'x', value_base64: base64({ tenant_id: 'x' }) }),
  ]);
  assert.deepEqual(outcomes, ['drop', 'keep', 'drop', 'drop', 'keep']);
});

test('what came with the prefix of a schema is read behind it, also in a letter about what was refused for it', () => {
  const prefixed = (value: object): Buffer => Buffer.concat([wirePrefix(7), Buffer.from(JSON.stringify(value))]);
  const letterAbout = (value: object): Placed => {
    const letter = { topic: requests, tenant_id: null, value_base64: prefixed(value).toString('base64') };
    return record(deadLetters, 'k', letter);
  };
  const inLog: Placed = { ...record(requests, 'a', {}), value: prefixed({ tenant_id: 'acme "1"' }) };
  assert.deepEqual(judged(ACME, [letterAbout({ tenant_id: 'acme "1"' }), letterAbout({ tenant_id: 'x' }), inLog]), [
    'drop',
    'keep',
    'drop',
  ]);
  const user: ErasureSubject = { kind: 'user', userIdHash: 'u1' };
  const ofUsers = [letterAbout({ user_id_hash: 'u1' }), letterAbout({ user_id_hash: 'u2' })];
  assert.deepEqual(judged(user, ofUsers), ['drop', 'keep']);
});

test("a user's records stay without what says who it was", () => {
  const user: ErasureSubject = { kind: 'user', userIdHash: 'u1' };
  const facts = { tenant_id: 't', prompt_tokens: 3 };
  const outcomes = judged(user, [
    record(requests, 'a', { ...facts, user_id_hash: 'u1', session_id: 's', metadata: { mail: 'u@example.com' } }),
    record(requests, 'b', { ...facts, user_id_hash: 'u2', session_id: 'u1' }),
    record(responses, 'a', { completion_tokens: 1 }),
    record(reports, '1', { sender: '', trace_id: '1', names: { tenant: 't', user: 'u1', session: 's' }, metadata: {} }),
    record(reports, '1', { sender: '', trace_id: '1', facts: { model: 'm' }, metadata: { mail: 'u@example.com' } }),
    record(reports, '2', { sender: '', trace_id: '2', names: { user: 'u2' } }),
  ]);
  assert.deepEqual(outcomes, [
    facts,
    'keep',
    'keep',
    { sender: '', trace_id: '1', names: { tenant: 't' } },
    { sender: '', trace_id: '1', facts: { model: 'm' } },
    'keep',
  ]);
});
