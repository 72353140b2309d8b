import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, getJson, type KindBooks, post } from './http-calls.ts';
import { dataDirFor, type Server, startServer } from './running-server.ts';

const AT_MS = Date.UTC(2025, 10, 19, 10, 5);
/** Of which each tenant has one in these tests. */
const ROUTE_OF = { acme: 'search', globex: 'chat', default: 'default' } as const;
type Tenant = keyof typeof ROUTE_OF;

interface EvaluationRow {
  readonly count: number;
  readonly avg_score: number;
}

interface Seen {
  /** `tenant: count, average score`, of the route that is the tenant's. */
  readonly rows: readonly string[];
  readonly books: Pick<KindBooks, 'accepted' | 'counted' | 'waiting' | 'duplicates'>;
  readonly balanced: boolean;
}

interface SpanParts {
  readonly trace: string;
  readonly span: string;
  readonly parent?: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** An export of one span. */
async function exportSpan({ ingestion }: Server, { trace, span, parent, attributes }: SpanParts): Promise<void> {
  const spans = [
    {
      traceId: trace.repeat(32),
      spanId: span.repeat(16),
      ...(parent === undefined ? {} : { parentSpanId: parent.repeat(16) }),
      name: 'chat',
      startTimeUnixNano: `${AT_MS}000000`,
      endTimeUnixNano: `${AT_MS + 800}000000`,
      attributes: Object.entries(attributes).map(([key, value]) => ({
        key,
        value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
      })),
    },
  ];
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'app' }, spans }] }] });
  assert.equal((await post(`${ingestion}/v1/traces`, body)).status, 200);
}

/** The model call of a trace, below a span that says whose it is. */
const callOf = (trace: string): SpanParts => ({
  trace,
  span: 'c',
  parent: 'a',
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.system': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': 12,
    'gen_ai.usage.output_tokens': 3,
  },
});

const parentOf = (trace: string, tenant: Tenant): SpanParts => ({
  trace,
  span: 'a',
  attributes: { 'streamlens.tenant_id': tenant, 'streamlens.route': ROUTE_OF[tenant] },
});

async function evaluate({ ingestion }: Server, trace: string, evaluator: string, score: number): Promise<void> {
  const event = {
    request_id: `${trace.repeat(32)}-${'c'.repeat(16)}`,
    name: 'helpful',
    timestamp: new Date(AT_MS).toISOString(),
    score,
    evaluator,
  };
  assert.equal((await post(`${ingestion}/v1/llm/evaluation`, JSON.stringify(event))).status, 202);
}

async function seenBy({ metrics }: Server): Promise<Seen> {
  const rows = await Promise.all(
    Object.entries(ROUTE_OF).map(async ([tenant, route]) => {
      const query = `tenant_id=${tenant}&route=${route}&from=2025-11-19T10:00:00Z&to=2025-11-19T11:00:00Z&step=1h`;
      const { evaluations } = await getJson<{ evaluations: readonly EvaluationRow[] }>(
        `${metrics}/v1/evaluations?${query}`,
      );
      return evaluations.map(({ count, avg_score }) => `${tenant}: ${count}, ${avg_score}`);
    }),
  );
  const audit = await getJson<{ balanced: boolean; totals: { evaluations: KindBooks } }>(`${metrics}/v1/audit`);
  const { accepted, counted, waiting, duplicates } = audit.totals.evaluations;
  return {
    rows: rows.flat(),
    books: { accepted, counted, waiting, duplicates },
    balanced: audit.balanced,
  };
}

/** Waits until a reader sees just that, with books that balance. */
async function expectSeen(server: Server, rows: readonly string[], books: Seen['books']): Promise<void> {
  const expected: Seen = { rows, books, balanced: true };
  let seen: Seen | undefined;
  await eventually('these rows', async () => {
    seen = await seenBy(server);
    return JSON.stringify(seen) === JSON.stringify(expected) ? true : undefined;
  }).catch(() => assert.deepEqual(seen, expected));
}

test('an evaluation stands where its call is in the end, whatever comes first and whatever is killed between', async (t) => {
  const dataDir = dataDirFor(t);
  let server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  const restart = async (): Promise<void> => {
    server.process.kill('SIGKILL');
    await server.exited;
    server = await startServer(dataDir);
  };

  await evaluate(server, '1', 'before its call', 1);
  await expectSeen(server, [], { accepted: 1, counted: 0, waiting: 1, duplicates: 0 });
  await restart();

  for (const trace of ['1', '2', '3']) await exportSpan(server, callOf(trace));
  await evaluate(server, '2', 'between call and parent', 0.25);
  await evaluate(server, '2', 'another one', 0.75);
  const books = { accepted: 3, counted: 3, waiting: 0, duplicates: 0 };
  await expectSeen(server, ['default: 3, 0.6666666666666666'], books);
  await restart();

  await exportSpan(server, parentOf('1', 'acme'));
  await expectSeen(server, ['acme: 1, 1', 'default: 2, 0.5'], books);
  await restart();

  await exportSpan(server, parentOf('3', 'acme'));
  await evaluate(server, '3', 'after the parent', 0.5);
  await exportSpan(server, parentOf('2', 'globex'));
  // Said again, it moves nothing and counts nothing.
  await evaluate(server, '2', 'another one', 0.75);
  const all = ['acme: 2, 0.75', 'globex: 2, 0.5'];
  await expectSeen(server, all, { accepted: 5, counted: 4, waiting: 0, duplicates: 1 });
  await restart();
  await expectSeen(server, all, { accepted: 5, counted: 4, waiting: 0, duplicates: 1 });
});
