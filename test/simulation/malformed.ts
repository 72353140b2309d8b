import type { NewRecord } from '../../src/event-log/event-log.ts';
import type { Random } from './random.ts';

const GOOD = {
  request_id: '',
  tenant_id: 'acme',
  route: 'chat',
  model: 'cheap',
  name: 'helpful',
  timestamp: '2025-11-19T10:00:00Z',
};

/** A record that is no valid event, written to the log by a producer that does not go through HTTP. */
export function malformed(id: string, random: Random): NewRecord {
  const topic = random.pick(['llm.requests', 'llm.responses', 'llm.evaluations'] as const);
  const good = { ...GOOD, request_id: id };
  const value: unknown = random.pick([
    '{"request_id": "', // cut off
    '',
    'null',
    '[]',
    '"text"',
    { ...good, request_id: undefined },
    { ...good, request_id: 7 },
    { ...good, timestamp: undefined },
    { ...good, timestamp: 'yesterday' },
    { ...good, timestamp: '2025-02-30T10:00:00Z' },
    { ...good, timestamp: '1969-12-31T23:59:59Z' },
    { ...good, timestamp: '1970-01-01T00:30:00+01:00' },
    { ...good, timestamp: 1_763_546_400 },
    { ...good, request_id: `${id}-other` }, // lies under a key that is not its id
  ]);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { topic, key: id, value: Buffer.from(text) };
}
