import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenCalls } from './open-calls.ts';
import type { Report } from './report.ts';

const CALLS = 300;
const ROOT = 'f'.repeat(16);

const aReport = (n: number, given: Partial<Report> = {}): Report => ({
  sender: '',
  trace_id: 'a'.repeat(32),
  span_id: n.toString(16).padStart(16, '0'),
  parent_id: ROOT,
  kind: 'call',
  scope: 'openai',
  process: 'svc\n\n\n1',
  start_ms: 1_795_486_623_000 + n * 1000,
  duration_ms: 100,
  facts: { model: 'm', prompt_tokens: 10, completion_tokens: 5 },
  ...given,
});

/** Every second call lies below another one's span, whose gaps it fills. */
const aCall = (n: number): Report =>
  n % 2 === 0 ? aReport(n) : aReport(n, { parent_id: aReport(n - 1).span_id, scope: 'litellm', facts: { model: 'm' } });

for (const awakeMax of [0, 3000]) {
  test(`what comes of a long trace counts what it changes, and not all of it, with ${awakeMax} reports awake`, () => {
    let counted = 0;
    const series = { tenantId: 't', route: 'r', model: 'm', provider: '' };
    const seriesOf = () => {
      counted++;
      return series;
    };
    const open = new OpenCalls({ awakeMax, series: { seriesOf, seriesOfWhole: () => series } });
    const add = (report: Report) => {
      open.add(report, { place: 0, loggedAtMs: 0 });
      return open.settle();
    };
    for (let n = 0; n < CALLS; n++) open.add(aCall(n), { place: 0, loggedAtMs: 0 });
    open.settle();
    assert.equal(counted, CALLS / 2);
    counted = 0;
    add(aReport(CALLS));
    assert.equal(counted, 1);
    counted = 0;
    const { parent_id: _none, facts: _facts, ...root } = aReport(0, { span_id: ROOT, kind: 'context', scope: 'http' });
    // What names all of them counts all of them.
    assert.equal(add({ ...root, names: { http_route: '/chat' } }).calls.length, CALLS / 2 + 1);
    assert.equal(counted, CALLS / 2 + 1);
  });
}
