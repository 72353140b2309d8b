import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../../../events/topics.ts';
import { CORE_OPTIONS, FLAT_PRICES, START, topics, type Unnumbered } from '../core-builders.contract.ts';
import { ShardCore } from '../shard-core.ts';
import { aReport, span } from './report-builders.contract.ts';

const traceReportsMax = 200;
const PARTS = 3;

/** What the calls of one core come to. */
function sumsOf(reports: readonly Unnumbered[], batch: number): Readonly<Record<string, number>> {
  const core = new ShardCore({ ...CORE_OPTIONS, traceReportsMax });
  const sums = { requests: 0, completionTokens: 0, lateReports: 0, acceptedReports: 0 };
  const records = topics([], [], [], reports)[TOPICS.reports];
  for (let at = 0; at < records.length; at += batch) {
    core.fold(TOPICS.reports, records.slice(at, at + batch), FLAT_PRICES);
    const { tallies, audits } = core.takeEffects().toCommit();
    for (const { tally } of tallies) {
      sums.requests += tally.requests;
      sums.completionTokens += tally.completionTokens;
    }
    for (const { counts } of audits) {
      sums.lateReports += counts.lateReports;
      sums.acceptedReports += counts.acceptedReports;
    }
  }
  return sums;
}

/** An agent that adds up the calls below it, each some minutes after the last. */
function anAgent(n: number): readonly Unnumbered[] {
  const [first, spanId] = [START + n * 10_000, span(10 * n)];
  const usage = { prompt_tokens: 10 * PARTS, completion_tokens: 5 * PARTS };
  const sum = { kind: 'sum', span_id: spanId, start_ms: first, duration_ms: 9000, facts: usage };
  const parts = Array.from({ length: PARTS }, (_, i) =>
    aReport(0, { span_id: span(10 * n + 1 + i), parent_id: spanId, start_ms: first + i * 2000 }),
  );
  return [aReport(0, sum), ...parts];
}

test('a call that comes late below an agent whose other calls are counted is another one, whatever spans lie between them', () => {
  const [sum, first, second, third] = anAgent(1) as [Unnumbered, Unnumbered, Unnumbered, Unnumbered];
  const tool = aReport(0, { kind: 'context', span_id: span(99), parent_id: span(10) });
  const late = (atMinute: number, parent: string): Unnumbered =>
    aReport(atMinute, { span_id: span(50), parent_id: parent, start_ms: START + 8000 });
  for (const known of [
    [sum, first, second],
    [sum, first],
    [sum, tool, first, second, third],
  ]) {
    const count = known.length - 1 - Number(known.includes(tool));
    assert.equal(sumsOf([...known, late(7, span(10))], 1)['requests'], count + 1);
    const parent = known.includes(tool) ? span(99) : span(10);
    assert.equal(sumsOf([...known, late(7, parent)], 1)['requests'], count + 1);
  }
  assert.equal(sumsOf([sum, late(7, span(10))], 1)['requests'], 1, 'an agent that is counted itself has it in its sum');
});

test('of a trace beyond the bound every token is counted once, though its agents came long before or after their calls', () => {
  const agents = Array.from({ length: (traceReportsMax * 1.2) / (PARTS + 1) }, (_, n) => anAgent(n + 1));
  // Scattered by a step that has no divisor in common with their number.
  const reports = agents.flat();
  const scattered = reports.map((_, i) => reports[(i * 101) % reports.length] as Unnumbered);
  const sums = sumsOf(scattered, 50);
  assert.equal(sums['completionTokens'], agents.length * PARTS * 5);
  assert.equal(sums['acceptedReports'], reports.length);
  assert.equal(sums['lateReports'], reports.length - traceReportsMax - 1);
});

test('a trace beyond the bound is closed after the same report, however the log is cut into batches', () => {
  const reports = Array.from({ length: traceReportsMax + 30 }, (_, n) =>
    aReport(0, { span_id: span(n + 1), start_ms: START + n * 1000 }),
  );
  const expected = { requests: reports.length, lateReports: reports.length - traceReportsMax - 1 };
  for (const batch of [33, reports.length]) {
    const { requests, lateReports } = sumsOf(reports, batch);
    assert.deepEqual({ requests, lateReports }, expected);
  }
});
