import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallCounts } from './call-counts.ts';
import { writeText } from './write-text.ts';

test('calls are counted by all of their labels, their durations by one, and those that have not ended apart', () => {
  const calls = new CallCounts({
    total: { name: 'calls_total', help: 'Calls that ended' },
    duration: { name: 'call_seconds', help: 'How long they took' },
    inFlight: { name: 'calls_in_flight', help: 'Calls that have not ended' },
    durationLabel: 'route',
  });
  calls.begin()({ method: 'GET', route: '/a', status: '2xx' });
  calls.begin()({ method: 'POST', route: '/a', status: '2xx' });
  calls.begin()({ method: 'GET', route: '/a', status: '2xx' });
  calls.begin();
  const [total, durations, inFlight] = calls.families();
  assert.ok(total !== undefined && inFlight !== undefined && durations?.type === 'histogram');
  assert.equal(
    writeText([total, inFlight]),
    `# HELP calls_total Calls that ended
# TYPE calls_total counter
calls_total{method="GET",route="/a",status="2xx"} 2
calls_total{method="POST",route="/a",status="2xx"} 1
# HELP calls_in_flight Calls that have not ended
# TYPE calls_in_flight gauge
calls_in_flight 1
`,
  );
  assert.deepEqual(
    [durations.name, durations.help, durations.series.map(({ labels, count }) => [labels, count])],
    ['call_seconds', 'How long they took', [[{ route: '/a' }, 3]]],
  );
});
