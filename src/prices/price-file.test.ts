import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPriceBook } from './layered-price-book.ts';
import { loadPriceFile, parsePriceFile } from './price-file.ts';
import { PriceFileError } from './price-file-error.ts';
import type { ServiceTier } from './service-tier.ts';

const MINIMAL = 'input_usd_per_million: 1\n    output_usd_per_million: 2\n';

function problemsOf(text: string): readonly string[] {
  const parsed = parsePriceFile(text, 'prices.yaml');
  return parsed.ok ? [] : parsed.problems.map(({ line, field, message }) => `${line} ${field}: ${message}`);
}

test('an entry gives rates in 10^-12 USD per token and says where it stands', () => {
  const parsed = parsePriceFile(
    `# ours
prices:
  - model: llama-*
    ${MINIMAL}
  - provider: azure
    model: prod-chat
    from: 2026-01-31
    input_usd_per_million: 2.5
    output_usd_per_million: 10
    cache_read_usd_per_million: 0.000001
`,
    'prices.yaml',
  );
  assert.ok(parsed.ok);
  const [llama, chat] = parsed.overrides;
  assert.equal(llama?.bands[0].source, 'prices.yaml line 3');
  assert.deepEqual([llama?.provider, llama?.fromMs], [null, null]);
  assert.equal(chat?.bands[0].source, 'prices.yaml line 7');
  assert.equal(chat?.fromMs, Date.UTC(2026, 0, 31));
  assert.deepEqual(chat?.bands[0].rates, {
    input: 2_500_000,
    cacheRead: 1,
    cacheWrite: 2_500_000,
    cacheWrite1h: 2_500_000,
    inputAudio: 2_500_000,
    cacheReadAudio: 1,
    inputImage: 2_500_000,
    output: 10_000_000,
    outputAudio: 10_000_000,
    outputImage: 10_000_000,
    request: 0,
    webSearch: 0,
    groundedRequest: 0,
  });
  assert.equal(chat?.bands[0].searchesAsListed, true);
});

test('JSON is read as well', () => {
  const parsed = parsePriceFile(
    '{"prices":[{"model":"m","input_usd_per_million":0,"output_usd_per_million":0.5}]}',
    'prices.json',
  );
  assert.ok(parsed.ok);
  assert.equal(parsed.overrides[0]?.bands[0].rates.output, 500_000);
});

test('a tier keeps what it does not change, and begins one token above its limit', () => {
  const parsed = parsePriceFile(
    `prices:
  - model: long
    input_usd_per_million: 1
    output_usd_per_million: 2
    tiers:
      - above_prompt_tokens: 200000
        input_usd_per_million: 4
`,
    'prices.yaml',
  );
  assert.ok(parsed.ok);
  const tier = parsed.overrides[0]?.bands[1];
  assert.equal(tier?.bandFromTokens, 200_001);
  assert.deepEqual([tier?.rates.input, tier?.rates.output, tier?.rates.cacheRead], [4_000_000, 2_000_000, 4_000_000]);
});

test('a time with an offset is understood', () => {
  const parsed = parsePriceFile(
    `prices:\n  - model: m\n    from: 2026-01-31T12:00:00+02:00\n    ${MINIMAL}`,
    'prices.yaml',
  );
  assert.ok(parsed.ok);
  assert.equal(parsed.overrides[0]?.fromMs, Date.UTC(2026, 0, 31, 10));
});

const GOOD_ENTRY = `  - model: good\n    ${MINIMAL}`;

test('each mistake is told with its line, its field and what would be right', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', '1 : must be an object with the fields of docs/pricing.md, got null'],
    ['prices: 3', '1 prices: must be a list of at most 10,000 prices, got 3'],
    ['prices: []\nprice: []', '2 price: is not a field of a price'],
    [`prices:\n  - model: m\n    input_usd_per_million: 1`, '2 prices[0].output_usd_per_million: is missing'],
    [
      `prices:\n${GOOD_ENTRY}  - model: m\n    input_usd_per_million: "2,5"\n    output_usd_per_million: 1`,
      '6 prices[1].input_usd_per_million: must be a number from 0 to 1,000,000, got "2,5"',
    ],
    [
      `prices:\n  - model: m\n    input_usd_per_million: -1\n    output_usd_per_million: 1`,
      '3 prices[0].input_usd_per_million: must be a number from 0 to 1,000,000, got -1',
    ],
    [`prices:\n  - model: m\n    inputs: 1\n    ${MINIMAL}`, '3 prices[0].inputs: is not a field of a price'],
    [
      `prices:\n  - model: 4\n    ${MINIMAL}`,
      '2 prices[0].model: must be a text of 1 to 255 characters (quote it where YAML would read a number), got 4',
    ],
    [
      `prices:\n  - model: m\n    from: yesterday\n    ${MINIMAL}`,
      '3 prices[0].from: must be a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z, got "yesterday"',
    ],
    [
      `prices:\n  - model: m\n    from: 2026-02-30\n    ${MINIMAL}`,
      '3 prices[0].from: 2026-02-30 is no day of the calendar',
    ],
    [
      `prices:\n  - model: m\n    from: 2026-02-03T25:00:00Z\n    ${MINIMAL}`,
      '3 prices[0].from: 2026-02-03T25:00:00Z is no day of the calendar',
    ],
    [
      `prices:\n  - model: m\n    input_usd_per_million: 0.0000001\n    output_usd_per_million: 1`,
      '3 prices[0].input_usd_per_million: has more than 6 decimals: 1e-7',
    ],
    [
      `prices:\n${GOOD_ENTRY}  - model: GOOD\n    ${MINIMAL}`,
      '5 prices[1]: is a second price for the provider, model, tier and date of line 2',
    ],
    [
      `prices:\n  - model: m\n    ${MINIMAL}    tiers:\n      - above_prompt_tokens: 5\n      - above_prompt_tokens: 5`,
      '7 prices[0].tiers[1].above_prompt_tokens: must grow from tier to tier',
    ],
  ];
  for (const [text, problem] of cases) assert.deepEqual(problemsOf(text), [problem]);
});

test('text that is no YAML is told with its line', () => {
  const [problem = ''] = problemsOf('prices:\n  - model: "m\n  - x');
  assert.match(problem, /^\d+ : .*quote/i);
  assert.match(problemsOf('prices: []\nprices: []')[0] ?? '', /^2 : .*unique/);
});

test('a file that unfolds aliases without end is refused, not computed', () => {
  const bomb = Array.from({ length: 12 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(i === 0 ? 0 : 9)}x]`);
  assert.match(problemsOf(bomb.join('\n'))[0] ?? '', /Excessive alias count/);
});

test('the error of a file has its path and at most ten of its problems', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'prices-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'prices.yaml');
  await writeFile(path, `prices:\n${'  - model: m\n'.repeat(20)}`);
  await assert.rejects(loadPriceFile(path), (error: unknown) => {
    assert.ok(error instanceof PriceFileError);
    const lines = error.message.split('\n');
    assert.equal(lines[0], `${path} line 2: prices[0].input_usd_per_million is missing`);
    assert.equal(lines.length, 11);
    return true;
  });
});

test('a file that is not there is told by its path', async () => {
  await assert.rejects(
    loadPriceFile('/nowhere/prices.yaml'),
    /^PriceFileError: \/nowhere\/prices\.yaml: cannot be read: ENOENT/,
  );
});

test('the example of the documentation is valid and prices what it says', async () => {
  const page = await readFile(new URL('../../docs/pricing.md', import.meta.url), 'utf8');
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const parsed = parsePriceFile(example, 'prices.yaml');
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const book = createPriceBook({ overrides: parsed.overrides });
  const inputUsd = (provider: string, model: string, at: string, promptTokens = 0): number | undefined => {
    const price = book.priceOf({ provider, model, atMs: Date.parse(at), promptTokens, serviceTier: '' });
    return price ? price.rates.input / 1e6 : undefined;
  };
  assert.equal(inputUsd('vllm', 'llama-3.1-8b', '2026-01-01'), 0.05);
  assert.equal(inputUsd('azure.ai.openai', 'prod-chat', '2026-01-31'), 2.5);
  assert.equal(inputUsd('azure.ai.openai', 'prod-chat', '2026-02-01'), 2);
  const fineTuned = 'ft:gpt-4.1-2025-04-14:acme::abc123';
  assert.equal(inputUsd('openai', fineTuned, '2026-01-01'), 3);
  assert.equal(inputUsd('openai', fineTuned, '2026-01-01', 200_001), 6);
});

test('an entry for a tier holds for calls of that tier alone, one without for all of them', () => {
  const parsed = parsePriceFile(
    `prices:
  - model: m
    ${MINIMAL}
  - model: m
    service_tier: flex
    input_usd_per_million: 7
    output_usd_per_million: 0
    usd_per_request: 0.005
`,
    'prices.yaml',
  );
  assert.ok(parsed.ok);
  const book = createPriceBook({ overrides: parsed.overrides });
  const of = (serviceTier: ServiceTier) =>
    book.priceOf({ provider: '', model: 'm', atMs: 0, promptTokens: 0, serviceTier });
  assert.deepEqual([of('flex')?.rates.input, of('flex')?.rates.request, of('flex')?.kind], [7_000_000, 5e9, 'file']);
  assert.notEqual(of('')?.rates.input, 7_000_000);
  assert.deepEqual(of('batch'), of(''));
});
