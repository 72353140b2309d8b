import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTally, Tally } from './tally.ts';
import { plainTally, talliesOf } from './tally-builders.contract.ts';
import { addUsage, USAGE_EXACT_SUMS, USAGE_SUMS, Usage } from './usage.ts';
import { WindowCodec } from './window-codec.ts';

const counts = fc.oneof(
  fc.constantFrom(0, 1),
  fc.integer({ min: -1000, max: 1000 }),
  fc.integer({ min: 0, max: 2 ** 50 }),
);
const money = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
  fc.bigInt({ min: -(2n ** 51n), max: 2n ** 51n }),
  fc.integer({ min: -5000, max: 5000 }).map((value) => BigInt(value) * 150_000n),
);
const buckets = fc.array(fc.tuple(fc.integer({ min: -319, max: 1000 }), fc.integer({ min: -3, max: 2 ** 40 })));

const anyTally = talliesOf({ counts, money, buckets });

/** As most are: one call, with what it may lack. */
const callTally = fc
  .record({ latencyMs: fc.double({ min: 0, max: 100_000, noNaN: true }), prompt: fc.nat(5000), isKnown: fc.boolean() })
  .map(({ latencyMs, prompt, isKnown }) => aCall({ latencyMs, promptTokens: prompt, isLatencyKnown: isKnown }).tally);

const tallies = fc.oneof(anyTally, callTally, fc.constant(new Tally()));

const usages = fc
  .record({ sums: fc.tuple(...USAGE_SUMS.map(() => counts)), money: fc.tuple(...USAGE_EXACT_SUMS.map(() => money)) })
  .map((parts) => {
    const usage = new Usage();
    for (const [index, field] of USAGE_SUMS.entries()) usage[field] = parts.sums[index] ?? 0;
    for (const [index, field] of USAGE_EXACT_SUMS.entries()) usage[field].addBig(parts.money[index] ?? 0n);
    return usage;
  });

const NAMES = ['', 'gpt', '\u0000\u00ff'];
const windows = fc.record({
  tally: tallies,
  usages: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), usages), { selector: ([billed]) => billed })
    .map((named) => named.map(([billed, usage]) => ({ billed, usage }))),
});

const plainUsage = (usage: Usage): unknown[] => [
  ...USAGE_SUMS.map((field) => usage[field]),
  ...USAGE_EXACT_SUMS.map((field) => usage[field].value),
];

type Named = readonly { readonly billed: string; readonly usage: Usage }[];

/** What is not zero, by name. */
function sumOf(...parts: readonly Named[]): Map<string, unknown[]> {
  const sums = new Map<string, Usage>();
  for (const { billed, usage } of parts.flat()) {
    const sum = sums.get(billed) ?? new Usage();
    addUsage(sum, usage);
    sums.set(billed, sum);
  }
  const zero = plainUsage(new Usage());
  const told = Array.from(sums, ([billed, sum]) => [billed, plainUsage(sum)] as const);
  return new Map(told.filter(([, sum]) => !sum.every((value, index) => value === zero[index])));
}

test('a window that was written is read as it was, and two add up in their bytes as they do themselves', () => {
  const codec = new WindowCodec();
  fc.assert(
    fc.property(windows, windows, (first, second) => {
      const [a, b] = [first, second].map((window) => Uint8Array.from(codec.encode(window.tally, window.usages)));
      const [read, expected] = [new Tally(), new Tally()];
      codec.addTallyTo(read, a as Uint8Array);
      addTally(expected, first.tally);
      assert.deepEqual(plainTally(read), plainTally(expected));
      assert.deepEqual(sumOf(codec.usagesOf(a as Uint8Array)), sumOf(first.usages));
      const both = Uint8Array.from(codec.add(a as Uint8Array, b as Uint8Array));
      const sum = new Tally();
      codec.addTallyTo(sum, both);
      addTally(expected, second.tally);
      assert.deepEqual(plainTally(sum), plainTally(expected));
      assert.deepEqual(sumOf(codec.usagesOf(both)), sumOf(first.usages, second.usages));
    }),
    { numRuns: 500 },
  );
});

test('a call takes some fifteen bytes, its usage included', () => {
  const { tally, usage } = aCall({ latencyMs: 812.3456, promptTokens: 1500, isLatencyKnown: true });
  const { length } = new WindowCodec().encode(tally, [{ billed: '', usage }]);
  assert.ok(length <= 16, `${length} bytes`);
});

test('a row without searches of the web takes the bytes that it took before rows could have them, and is read alike', () => {
  const codec = new WindowCodec();
  const { tally, usage } = searching(0);
  const written = '1f880ed80450a21f0401008280019003c801';
  assert.equal(Buffer.from(codec.encode(tally, [{ billed: '', usage }])).toString('hex'), written);
  const [read] = codec.usagesOf(Buffer.from(written, 'hex'));
  assert.deepEqual(read && plainUsage(read.usage), plainUsage(usage));
  const more = searching(3);
  const bytes = Buffer.from(codec.encode(more.tally, [{ billed: '', usage: more.usage }]));
  const [sum] = codec.usagesOf(codec.add(Buffer.from(written, 'hex'), bytes));
  assert.deepEqual([sum?.usage.webSearches, sum?.usage.groundedRequests, sum?.usage.calls], [3, 1, 4]);
});

/** Two calls in one row, with audio, which few have. */
function searching(webSearches: number) {
  const [tally, usage] = [new Tally(), new Usage()];
  Object.assign(tally, { requests: 2, completed: 2, latencyKnown: 2, latencyUsSum: 900, promptTokens: 300 });
  Object.assign(tally, { promptTokensKnown: 2, completionTokens: 40, completionTokensKnown: 2, pricedByList: 2 });
  Object.assign(usage, { calls: 2, listCalls: 2, requestFees: 2, inputTokens: 200, inputAudioTokens: 100 });
  Object.assign(usage, { outputTokens: 40, webSearches, groundedRequests: Math.min(webSearches, 1) });
  for (const sums of [tally, usage]) {
    sums.costPicoUsd.addBig(5_000_000n);
    sums.listCostPicoUsd.addBig(5_000_000n);
  }
  return { tally, usage };
}

test('what is beyond the form is held at its end, and bytes that end too early are told', () => {
  const codec = new WindowCodec();
  const tally = new Tally();
  tally.latencyUsSum = 2 ** 60;
  const [read, bytes] = [new Tally(), Uint8Array.from(codec.encode(tally))];
  codec.addTallyTo(read, bytes);
  assert.equal(read.latencyUsSum, 2 ** 52 - 1);
  assert.throws(() => codec.addTallyTo(new Tally(), bytes.subarray(0, 3)), RangeError);
});

function aCall(call: { readonly latencyMs: number; readonly promptTokens: number; readonly isLatencyKnown: boolean }) {
  const { latencyMs, promptTokens, isLatencyKnown } = call;
  const [tally, usage] = [new Tally(), new Usage()];
  Object.assign(tally, { requests: 1, completed: 1, promptTokens, promptTokensKnown: 1, pricedByList: 1 });
  Object.assign(tally, { completionTokens: 200, completionTokensKnown: 1 });
  if (isLatencyKnown) {
    tally.latencyKnown = 1;
    tally.latencyUsSum = tally.latencyUsMax = Math.round(latencyMs * 1000);
    tally.latency.record(latencyMs);
  }
  tally.costPicoUsd.addProduct(promptTokens + 200, 150_000);
  tally.listCostPicoUsd.add(tally.costPicoUsd);
  Object.assign(usage, { calls: 1, listCalls: 1, requestFees: 1, inputTokens: promptTokens, outputTokens: 200 });
  usage.costPicoUsd.add(tally.costPicoUsd);
  usage.listCostPicoUsd.add(tally.listCostPicoUsd);
  return { tally, usage };
}
