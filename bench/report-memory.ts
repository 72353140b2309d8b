import { TOPICS } from '../src/events/topics.ts';
import { translateExport } from '../src/ingestion-api/translate-export.ts';
import { CORE_OPTIONS, FLAT_PRICES } from '../src/metrics-processor/core/core-builders.contract.ts';
import { ShardCore } from '../src/metrics-processor/core/shard-core.ts';
import { createFullKeyTable, createKeyTable } from '../src/otlp/dialects/wanted-keys.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../src/otlp/shipped-attribute-names.contract.ts';
import { DimensionFinder } from '../src/otlp/to-events/tenant-and-route.ts';
import { SeededRandom } from './data/seeded-random.ts';
import { nextSpanBodies } from './setup/model-spans.ts';

/**
 * What the reports of open traces take in the processor, and what translating and judging one costs:
 * `node --expose-gc bench/report-memory.ts [spans a second] [seconds] [reports awake]`. Log time goes at that
 * rate; the horizon is 5 min, and ids of closed traces are remembered for 15 min. Of a processor 3,000 reports are
 * awake; with `Infinity` none sleeps. CPU time of this process, so other load hardly matters.
 */
const [spansPerSecond = 1000, seconds = 300, awakeReportsMax = 3000] = process.argv.slice(2).map(Number);
const SPANS_PER_BATCH = 500;
const EVERY_SECONDS = 60;

const names = SHIPPED_ATTRIBUTE_NAMES;
const context = {
  keys: createKeyTable(names),
  allKeys: createFullKeyTable(),
  dimensions: new DimensionFinder(names),
  correlation: 'sender',
  keepUserEmail: false,
} as const;
const random = new SeededRandom(1);
const core = new ShardCore({ ...CORE_OPTIONS, callsPerSecondMax: 200, awakeReportsMax });
const startMs = Date.now();
const spentUs = { translate: 0, judge: 0 };
let offset = 0;

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

function printAt(second: number): void {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  const used = heapUsed + external - idle;
  const { openCount, rememberedCount } = core.reports;
  console.log(
    `${second} s: ${openCount} open, ${rememberedCount} ids of closed ones; heap ${mb(heapUsed)}, outside ${mb(external)} (arrays ${mb(arrayBuffers)}), resident ${mb(rss)}; ` +
      `${Math.round(used / Math.max(1, openCount))} bytes an open report; µs a span: translated ${(spentUs.translate / offset).toFixed(1)}, judged ${(spentUs.judge / offset).toFixed(1)}`,
  );
}

globalThis.gc?.();
const before = process.memoryUsage();
const idle = before.heapUsed + before.external;
for (let sent = 0; sent < spansPerSecond * seconds; sent += SPANS_PER_BATCH) {
  const loggedAtMs = startMs + (sent / spansPerSecond) * 1000;
  const { bodies } = nextSpanBodies({ random, bodies: 1, spansPerBody: SPANS_PER_BATCH });
  const atUs = cpuUs();
  const translated = translateExport(
    { body: bodies[0] as Buffer, format: 'protobuf', signal: 'traces', tenants: null },
    context,
  );
  if (!translated.ok) throw new Error(translated.reason);
  const translatedUs = cpuUs();
  const records = translated.value.records.map(({ key, value }) => {
    return { key: Buffer.from(key), value, senderTenant: null, loggedAtMs, offset: offset++ };
  });
  core.fold(TOPICS.reports, records as never, FLAT_PRICES);
  core.takeEffects().toCommit();
  spentUs.translate += translatedUs - atUs;
  spentUs.judge += cpuUs() - translatedUs;
  if ((loggedAtMs - startMs) % (EVERY_SECONDS * 1000) === 0) printAt((loggedAtMs - startMs) / 1000);
}
printAt(seconds);
