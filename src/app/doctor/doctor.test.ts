import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import type { TopicRights } from '../../event-log/kafka/inspect-cluster.ts';
import { TOPICS, type Topic } from '../../events/topics.ts';
import { checkGroup, checkRights, unreachable } from './check-brokers.ts';
import { checkExpiry } from './check-certificates.ts';
import { checkRoom } from './check-data-directory.ts';
import { checkLogTime } from './check-log.ts';
import { checkPostgresClock, checkPostgresVersion } from './check-postgres.ts';
import { checkListAge } from './check-prices.ts';
import { checkProcessors } from './check-processors.ts';
import { checkSchemas } from './check-registry.ts';
import { checkClock, checkNode, checkRuntime, checkSqlite } from './check-runtime.ts';
import { checkShards, type ShardState } from './check-store.ts';
import { checkExport } from './check-telemetry.ts';
import { findingsOf } from './finding.ts';

const NOW_MS = Date.UTC(2025, 10, 19, 10);
const GIB = 1024 ** 3;

test('this machine has the versions that are needed', () => {
  assert.deepEqual(
    checkRuntime(NOW_MS).map(({ level }) => level),
    ['ok', 'ok', 'ok'],
  );
});

test('an old Node or SQLite is broken, a newer one is not', () => {
  assert.equal(checkNode('22.14.0').level, 'broken');
  assert.equal(checkNode('26.0.0').level, 'ok');
  assert.equal(checkSqlite('3.36.0').level, 'broken');
  assert.equal(checkSqlite('3.37.0').level, 'ok');
  assert.equal(checkSqlite('4.0.1').level, 'ok');
});

test('a clock that stands in the past is told', () => {
  assert.match(checkClock(0).text, /1970-01-01.*set the clock/);
});

test('a disk is broken below 256 MiB and worth a note below 2 GiB', () => {
  const levels = [GIB / 5, GIB, 3 * GIB].map((free) => checkRoom('/data', free).level);
  assert.deepEqual(levels, ['broken', 'note', 'ok']);
});

test('log time may be a little ahead of the clock, not a minute', () => {
  assert.equal(checkLogTime(NOW_MS + 2_000, NOW_MS).level, 'ok');
  assert.match(checkLogTime(NOW_MS + 60_000, NOW_MS).text, /60 s in the future/);
});

test('a check that fails is a finding with its reason', async () => {
  const findings = await findingsOf('thing', () => Promise.reject(new Error('no such thing; make one')));
  assert.deepEqual(findings, [{ level: 'broken', what: 'thing', text: 'no such thing; make one' }]);
});

const shard = (partition: number, ageS: number, unread: number | null, waitingS: number | null = null): ShardState => ({
  partition,
  ageS,
  unread,
  waitingS,
});

test('a processor that commits is fine, a stopped one is worth a note, and broken while events wait', () => {
  assert.equal(checkShards([shard(0, 3, 500, 1)]).level, 'ok');
  assert.match(checkShards([shard(0, 3, 500, 1)]).text, /500 events are still to be read, the oldest for 1 s/);
  assert.equal(checkShards([shard(0, 3600, 0)]).level, 'note');
  assert.match(checkShards([shard(0, 3600, 0)]).text, /Every event is counted/);
  const stopped = checkShards([shard(0, 103, 1000, 90), shard(1, 104, 0)]);
  assert.equal(stopped.level, 'broken');
  assert.match(stopped.text, /2 partitions; the last commit was 103 s ago: no processor is running/);
  assert.match(stopped.text, /1000 events wait in the log, the oldest for 90 s/);
  assert.equal(checkShards([shard(0, 103, null)]).level, 'note');
});

test('one shard that stands still while others go on is named', () => {
  const { level, text } = checkShards([shard(0, 1, 0), shard(1, 240, 17, 230), shard(2, 2, 5, 1)]);
  assert.equal(level, 'broken');
  assert.match(
    text,
    /last commit of partition 1 was 240 s ago, of others 1 s: .*17 events wait in the log, the oldest for 230 s/,
  );
  assert.match(checkShards([shard(0, 1, 9), shard(1, 240, 0)]).text, /Every event there is counted/);
});

test('a certificate is broken when it has ended, and worth a note for a month before', () => {
  const levelIn = (days: number): string =>
    checkExpiry('TLS_CERT', new Date(NOW_MS + days * 86_400_000 + 1000).toUTCString(), NOW_MS).level;
  assert.deepEqual([-1, 0, 29, 30, 300].map(levelIn), ['broken', 'note', 'note', 'ok', 'ok']);
});

test('an old price list is worth a note that says how to get a newer one', () => {
  assert.equal(checkListAge('2025-11-01', 'list 1', NOW_MS).level, 'ok');
  assert.match(
    checkListAge('2025-06-01', 'list 1', NOW_MS).text,
    /list 1, which is 171 days old; "streamlens prices update"/,
  );
});

test('an advertised address that cannot be reached is named beside the one that answered', () => {
  const { level, text } = unreachable('broker 1', 'kafka:9092', { reason: 'ENOTFOUND', bootstrap: ['localhost:9092'] });
  assert.equal(level, 'broken');
  assert.match(
    text,
    /advertises kafka:9092.*\(ENOTFOUND\), although localhost:9092 in KAFKA_BROKERS answers.*advertised\.listeners/,
  );
});

test('rights are judged by what roles need of a topic', () => {
  const all = { read: true, write: true, describe: true };
  const levels = (topic: Topic, rights: Partial<TopicRights>): string[] =>
    checkRights(new Map([[topic, { ...all, ...rights }]])).map(({ level }) => level);
  assert.deepEqual(levels(TOPICS.requests, {}), ['ok']);
  assert.deepEqual(levels(TOPICS.requests, { read: false }), ['note']);
  assert.deepEqual(levels(TOPICS.requests, { write: false }), ['note']);
  assert.deepEqual(levels(TOPICS.requests, { read: false, write: false }), ['broken']);
  assert.deepEqual(levels(TOPICS.requests, { describe: false }), ['broken']);
  assert.deepEqual(levels(TOPICS.metrics, { read: false }), ['ok']);
  assert.deepEqual(levels(TOPICS.metrics, { write: false }), ['broken']);
  assert.deepEqual(checkRights(new Map()), []);
});

test('processors that count otherwise are named with the setting and their values', () => {
  const one = (place: string, settings: Record<string, string>, ageMs = 20_000) => ({
    id: place,
    place,
    seenAtMs: NOW_MS - ageMs,
    settings: { JOIN_TIMEOUT: '15m', version: '1', ...settings },
  });
  assert.deepEqual(checkProcessors([one('a:1', {})], NOW_MS), []);
  const same = checkProcessors([one('a:1', {}), one('b:2', {})], NOW_MS);
  assert.deepEqual(
    same.map(({ level, text }) => [level, text]),
    [['ok', 'all 2 count by the same settings: a:1, b:2']],
  );
  const gone = one('c:3', { JOIN_TIMEOUT: '1h' }, 61_000);
  assert.deepEqual(checkProcessors([one('a:1', {}), one('b:2', {}), gone], NOW_MS), same);
  const found = checkProcessors(
    [one('a:1', {}), one('b:2', { JOIN_TIMEOUT: '1h', NEWER: 'x' }), one('c:3', {}), one('d:4', { version: '2' })],
    NOW_MS,
  );
  assert.deepEqual(
    found.map(({ level, what }) => [level, what]),
    [
      ['broken', 'JOIN_TIMEOUT'],
      ['note', 'processors'],
      ['broken', 'NEWER'],
    ],
  );
  assert.match(found[0]?.text ?? '', /differs between processors: 15m on a:1, c:3, d:4; 1h on b:2\. Numbers depend/);
  assert.match(found[2]?.text ?? '', /nothing on a:1, c:3, d:4; x on b:2/);
});

test('a Postgres that is older than what is tested is worth a note, one without what is needed is broken', () => {
  const levelOf = (major: number): string => checkPostgresVersion({ version: `${major}.1`, major }).level;
  assert.deepEqual([11, 12, 14, 15, 18].map(levelOf), ['broken', 'note', 'note', 'ok', 'ok']);
});

test("Postgres' clock is compared with this machine's as well as the way there lets one know", () => {
  const judge = (aheadMs: number, uncertainMs = 5) => checkPostgresClock({ aheadMs, uncertainMs });
  assert.deepEqual(
    [0, -900, 2_000, -2_000, 11_000, -11_000].map((aheadMs) => judge(aheadMs).level),
    ['ok', 'ok', 'note', 'note', 'broken', 'broken'],
  );
  assert.equal(judge(2_000, 1_500).level, 'ok');
  assert.match(judge(-61_500).text, /61\.5 s behind that of this machine; set both by NTP/);
  assert.match(judge(2_500).text, /2\.5 s ahead of/);
});

test('who may not join the consumer group is told, which breaks whoever reads the topics', () => {
  const rights = (read: boolean) => new Map([[TOPICS.requests, { read, write: true, describe: true }]]);
  assert.deepEqual(checkGroup('g', null, rights(true)), []);
  assert.deepEqual(
    checkGroup('g', true, rights(true)).map(({ level }) => level),
    ['ok'],
  );
  assert.deepEqual(
    [true, false].map((reads) => checkGroup('g', false, rights(reads))[0]?.level),
    ['broken', 'note'],
  );
});

test('a registry is fine with our schemas, worth a note without them, and broken where it would refuse one', async () => {
  const schemas = { a: Type.Object({}), b: Type.Object({}) };
  const judge = (has: Record<string, number | string | null>) =>
    checkSchemas(
      {
        isKnown: async (subject) => subject in has,
        find: async (subject) => (typeof has[subject] === 'number' ? has[subject] : null),
        incompatibility: async (subject) => (typeof has[subject] === 'string' ? has[subject] : null),
      },
      schemas,
    );
  const texts = async (has: Record<string, number | string | null>) =>
    (await judge(has)).map(({ level, text }) => `${level} ${text}`);
  assert.deepEqual(await texts({ 'a-value': 1, 'b-value': 2 }), ['ok it answers and has our schemas of 2 topics']);
  assert.deepEqual(await texts({ 'a-value': null }), ['note it answers; the next start registers 2 of our 2 schemas']);
  const [refused = '', ...others] = await texts({ 'a-value': 1, 'b-value': 'a field is gone' });
  assert.deepEqual(others, []);
  assert.match(refused, /^broken .* schema of b-value: a field is gone; set the compatibility of b-value to FORWARD/);
});

test('an endpoint of OTLP that takes nothing is named with its reason and the setting to check', () => {
  const url = 'http://collector:4318/v1/traces';
  assert.deepEqual(checkExport('traces', url, null), { level: 'ok', what: 'OTLP traces', text: `${url} takes them` });
  const refused = checkExport('metrics', url, Object.assign(new Error('Unauthorized'), { code: 401 }));
  assert.match(refused.text, /\(401 Unauthorized\); check OTEL_EXPORTER_OTLP_HEADERS/);
  const gone = checkExport('traces', url, Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  assert.match(gone.text, /\(connect ECONNREFUSED\); check OTEL_EXPORTER_OTLP_TRACES_ENDPOINT/);
  assert.equal(gone.level, 'broken');
});
