import { readdirSync, readFileSync } from 'node:fs';
import { decodeTraces, type OtlpFormat } from '../src/otlp/decode/decode-traces.ts';
import { createKeyTable } from '../src/otlp/dialects/wanted-keys.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../src/otlp/shipped-attribute-names.contract.ts';
import { spansToReports } from '../src/otlp/spans-to-reports.ts';
import { DimensionFinder } from '../src/otlp/to-events/tenant-and-route.ts';

/**
 * Spans per second and core for a body of 512 captured spans, first decoded only, then turned into the records of its reports.
 * Usage: `node bench/otlp-decode.ts [seconds]`. CPU time of this process, so other load hardly matters.
 */
const FOLDER = new URL('../test/fixtures/otlp/', import.meta.url);
const SPANS_PER_BODY = 512;
const SECONDS = Number(process.argv[2] ?? 3);

const keys = createKeyTable(SHIPPED_ATTRIBUTE_NAMES);
const dimensions = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);

/** The captured protobuf requests of all clients, one after another, until 512 spans: concatenation merges messages. */
function bodyOf(format: OtlpFormat, isWanted: (file: string) => boolean): { body: Buffer; spanCount: number } {
  const ending = format === 'json' ? '.json' : '.pb';
  const files = readdirSync(FOLDER).filter(
    (file) => file.endsWith(ending) && !/\.(metrics|logs|meta)\./.test(file) && isWanted(file),
  );
  const parts: Buffer[] = [];
  let spanCount = 0;
  for (let i = 0; spanCount < SPANS_PER_BODY; i++) {
    const bytes = readFileSync(new URL(files[i % files.length] ?? '', FOLDER));
    const decoded = decodeTraces(bytes, format, keys);
    if (!decoded.ok) throw new Error(decoded.reason);
    parts.push(bytes);
    spanCount += decoded.value.spans.length;
  }
  if (format === 'protobuf') return { body: Buffer.concat(parts), spanCount };
  const resourceSpans = parts.flatMap(
    (part) => (JSON.parse(part.toString()) as { resourceSpans: unknown[] }).resourceSpans,
  );
  return { body: Buffer.from(JSON.stringify({ resourceSpans })), spanCount };
}

function measure(name: string, spanCount: number, work: () => void): void {
  for (let i = 0; i < 20; i++) work();
  const before = process.cpuUsage();
  const endMs = performance.now() + SECONDS * 1000;
  let rounds = 0;
  while (performance.now() < endMs) {
    work();
    rounds += 1;
  }
  const { user, system } = process.cpuUsage(before);
  const perSecond = (rounds * spanCount) / ((user + system) / 1e6);
  console.log(`${name.padEnd(58)} ${Math.round(perSecond).toLocaleString('en')} spans per CPU second`);
}

const bodies = [
  { name: 'all clients', ...bodyOf('protobuf', () => true), format: 'protobuf' as const },
  {
    name: 'contrib-py (no content)',
    ...bodyOf('protobuf', (file) => file.startsWith('contrib-py')),
    format: 'protobuf' as const,
  },
  { name: 'all clients', ...bodyOf('json', () => true), format: 'json' as const },
];
for (const { name, body, spanCount, format } of bodies) {
  const title = `${format}, ${name}, ${Math.round(body.length / spanCount)} bytes a span`;
  measure(`${title}: decode`, spanCount, () => decodeTraces(body, format, keys));
  measure(`${title}: to records`, spanCount, () => {
    const decoded = decodeTraces(body, format, keys);
    if (!decoded.ok) return;
    const { translated } = spansToReports(decoded.value, { tenantOfKey: null, dimensions });
    for (const { report } of translated) if (report !== null) Buffer.from(JSON.stringify(report));
  });
}
