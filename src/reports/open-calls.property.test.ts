import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientCaptures, fieldCaptures } from '../otlp/captured-reports.contract.ts';
import { OpenCalls } from './open-calls.ts';
import type { Report } from './report.ts';
import { resolve } from './resolve.ts';
import type { ResolvedCall } from './resolved-call.ts';

const CAPTURES = [...clientCaptures(), ...fieldCaptures()].filter(({ reports }) => reports.length > 0);

/** How many reports stay awake: none, some, all. Nobody may see the difference. */
const AWAKE_MAXIMA = [0, 3, 3000] as const;

/** The calls that a reader of the differences would have, which checks that each takes back exactly what was there. */
class Reader {
  readonly #counted = new Map<string, string>();
  readonly #open: OpenCalls;

  constructor(open: OpenCalls) {
    this.#open = open;
  }

  settle(): void {
    const { calls, whole } = this.#open.settle();
    for (const { before } of calls) {
      if (before === null) continue;
      const id = keyOf(before);
      assert.equal(this.#counted.get(id), JSON.stringify(before), 'what is taken back is what was counted');
      this.#counted.delete(id);
    }
    for (const now of [...calls.map((change) => change.now), ...whole.map((each) => each.call())]) {
      if (now === null) continue;
      assert.ok(!this.#counted.has(keyOf(now)), 'a call that stands is taken back before it is counted anew');
      this.#counted.set(keyOf(now), JSON.stringify(now));
    }
  }

  get calls(): readonly string[] {
    return [...this.#counted.values()].sort();
  }
}

/** The id is unique within a sender; here one of them is a tenant of its own. */
function keyOf({ request }: ResolvedCall): string {
  return `${request.request_id} ${request.tenant_id === 'acme'}`;
}

function textsOf(calls: readonly ResolvedCall[]): readonly string[] {
  return calls.map((call) => JSON.stringify(call)).sort();
}

/** Any order of the reports, some of them twice, settled after any of them. */
function anyDelivery(reports: readonly Report[]): fc.Arbitrary<readonly { report: Report; settles: boolean }[]> {
  return fc
    .tuple(fc.subarray([...reports]), fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.boolean()))
    .map(([repeated, keys, flags]) => {
      const delivered = [...reports, ...repeated].map((report) => ({
        report,
        key: keys.next().value as number,
        settles: flags.next().value as boolean,
      }));
      return delivered.sort((a, b) => a.key - b.key);
    });
}

function assertSameCalls(reports: readonly Report[], numRuns: number, name: string): void {
  const expected = textsOf(resolve(reports));
  fc.assert(
    fc.property(anyDelivery(reports), fc.constantFrom(...AWAKE_MAXIMA), (delivery, awakeMax) => {
      const open = new OpenCalls({ awakeMax });
      const reader = new Reader(open);
      for (const { report, settles } of delivery) {
        open.add(report, { place: 0, loggedAtMs: 0 });
        if (settles) reader.settle();
      }
      reader.settle();
      assert.deepEqual(reader.calls, expected, name);
      assert.deepEqual(textsOf(open.calls()), expected, name);
    }),
    { numRuns },
  );
}

test('every captured export comes to the same calls in any order, split anywhere, and with repetitions', () => {
  for (const { name, reports } of CAPTURES) assertSameCalls(reports, 10, name);
});

test('so do all of them together, mixed', () => {
  assertSameCalls(
    CAPTURES.flatMap(({ reports }) => reports),
    5,
    'all',
  );
});

/** Few ids, scopes, times and models, so that everything may be linked with everything. */
const anyReport = fc.record({
  sender: fc.constantFrom('', 'acme'),
  trace_id: fc.constantFrom('a', 'b', 'c', 'd').map((digit) => digit.repeat(32)),
  span_id: fc.constantFrom('1', '2', '3', '4', '5').map((digit) => digit.repeat(16)),
  parent_id: fc.constantFrom('1', '2', '3', '4', '5').map((digit) => digit.repeat(16)),
  kind: fc.constantFrom('call', 'call', 'call', 'sum', 'wire', 'stream end', 'context'),
  scope: fc.constantFrom('logfire.openai', 'com.anthropic.sdk.x', 'langfuse', 'openlit'),
  process: fc.constantFrom('svc\n\n\n1', 'svc\n\n\n2', '\n\n\n'),
  start_ms: fc.nat(40).map((n) => 1_795_486_623_000 + n * 10),
  duration_ms: fc.oneof(fc.constant(null), fc.nat(400)),
  names: fc.record({ tenant: fc.constantFrom('t1', 't2'), route: fc.constantFrom('r1', 'r2') }, { requiredKeys: [] }),
  facts: fc.record(
    {
      model: fc.constantFrom('m1', 'm2'),
      prompt_tokens: fc.constantFrom(0, 7),
      completion_tokens: fc.constantFrom(3, 4),
      error: fc.constantFrom('boom', 'a longer boom'),
    },
    { requiredKeys: ['model'] },
  ),
  response_id: fc.constantFrom('chatcmpl-8', 'resp_0123456789abcdef'),
}) as fc.Arbitrary<Report>;

/** Log records of the convention, also such as were written where no span was open. */
const anyRecord = fc
  .tuple(
    anyReport,
    fc.record({ is_exception: fc.constant(true), is_traceless: fc.constant(true) }, { requiredKeys: [] }),
    fc.nat(0xffff),
  )
  .map(([report, is, n]): Report => {
    const { trace_id, parent_id = '1', ...rest } = report;
    const own = n.toString(16).padStart(16, '0');
    const where = is.is_traceless === true ? { span_id: own, trace_id: own.repeat(2) } : { trace_id, parent_id };
    return { ...rest, ...where, ...is, kind: 'wire', is_log: true, duration_ms: null };
  });

const anything = fc.oneof({ arbitrary: anyReport, weight: 3 }, { arbitrary: anyRecord, weight: 1 });

const maybeLess = anything.chain((report) =>
  fc.subarray(['parent_id', 'response_id', 'names'] as const).map((absent) => {
    const less: Record<string, unknown> = { ...report };
    for (const name of absent) delete less[name];
    return less as unknown as Report;
  }),
);

test('whatever reports there are, their order, splits and repetitions never change the calls', () => {
  fc.assert(
    fc.property(
      fc
        .array(maybeLess, { minLength: 1, maxLength: 14 })
        .chain((reports) => fc.tuple(fc.constant(reports), anyDelivery(reports))),
      fc.constantFrom(...AWAKE_MAXIMA),
      ([reports, delivery], awakeMax) => {
        const open = new OpenCalls({ awakeMax });
        const reader = new Reader(open);
        for (const { report, settles } of delivery) {
          open.add(report, { place: 0, loggedAtMs: 0 });
          if (settles) reader.settle();
        }
        reader.settle();
        assert.deepEqual(reader.calls, textsOf(resolve(reports)));
      },
    ),
    { numRuns: 1000 },
  );
});
