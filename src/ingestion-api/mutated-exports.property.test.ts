import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OtlpFormat } from '../otlp/decode/decode-traces.ts';
import { countItems, EXPORT_LIMITS } from '../otlp/decode/export-limits.ts';
import { createFullKeyTable, createKeyTable } from '../otlp/dialects/wanted-keys.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../otlp/shipped-attribute-names.contract.ts';
import { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';
import { parseReport } from '../reports/parse-report.ts';
import { mutateBytes, mutateJson, mutateProtobuf } from './mutate-export.contract.ts';
import { explainAsJson, translateExport } from './translate-export.ts';

const FIXTURES = new URL('../../test/fixtures/', import.meta.url);
const FOLDERS = ['otlp', 'agents'] as const;
const SIGNALS = ['traces', 'logs', 'metrics'] as const;
const RUNS = 400;

const context = {
  keys: createKeyTable(SHIPPED_ATTRIBUTE_NAMES),
  allKeys: createFullKeyTable(),
  dimensions: new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES),
  correlation: 'trace',
  keepUserEmail: true,
} as const;

/**
 * What real clients sent, each to be read as spans, as log records and as metrics: whatever is posted to a path is a
 * body like any other.
 */
function captured(ending: string): ReadonlyMap<string, Buffer> {
  const names = FOLDERS.flatMap((folder) =>
    readdirSync(new URL(folder, FIXTURES), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  const bodies = names.filter((name) => name.endsWith(ending) && !/meta\.json$|truth\.json$/.test(name));
  return new Map(bodies.map((name) => [name, readFileSync(new URL(name, FIXTURES))]));
}

/** @returns how many reports the body comes to. @throws whatever would become a 500 */
function takeWhole(body: Buffer, format: OtlpFormat): number {
  const taken = SIGNALS.map((signal) => reportsOf(body, format, signal));
  // An explanation finds the signal by itself and reads every attribute: it may refuse more than ingestion does, never
  // less.
  assert.ok(!explainAsJson({ body, format, tenants: null }, context).ok || taken.some((reports) => reports !== null));
  return taken.reduce<number>((sum, reports) => sum + (reports ?? 0), 0);
}

/** @returns null where the body is refused */
function reportsOf(body: Buffer, format: OtlpFormat, signal: (typeof SIGNALS)[number]): number | null {
  countItems(body, { format, signal, limits: EXPORT_LIMITS });
  const translated = translateExport({ body, format, signal, tenants: null }, context);
  if (!translated.ok) {
    assert.ok(translated.reason.length > 0);
    return null;
  }
  for (const { value } of translated.value.records) {
    const parsed = parseReport(value);
    assert.ok(parsed.ok, parsed.ok ? '' : `${parsed.detail}: ${Buffer.from(value ?? []).toString()}`);
  }
  return translated.value.records.length;
}

for (const { format, ending, mutate } of [
  { format: 'json', ending: '.json', mutate: mutateJson },
  { format: 'protobuf', ending: '.pb', mutate: mutateProtobuf },
] as const) {
  test(`an export in ${format} of which parts are changed is taken or refused, and its reports are valid`, () => {
    const bodies = captured(ending);
    const bodyOf = (name: string) => bodies.get(name) ?? Buffer.alloc(0);
    let reports = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies.keys()),
        fc.array(fc.nat(), { minLength: 4, maxLength: 24 }),
        (name, choices) => {
          reports += takeWhole(mutate(bodyOf(name), choices), format);
        },
      ),
      { numRuns: RUNS },
    );
    // Most changes leave most spans readable; a mutation that broke every body would try the first line of the decoder
    // only.
    assert.ok(reports > RUNS / 2, `${reports} reports`);
  });

  test(`an export in ${format} of which bytes are changed or missing is taken or refused`, () => {
    const bodies = captured(ending);
    const bodyOf = (name: string) => bodies.get(name) ?? Buffer.alloc(0);
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies.keys()),
        fc.array(fc.nat(), { minLength: 2, maxLength: 12 }),
        (name, choices) => {
          takeWhole(mutateBytes(bodyOf(name), choices), format);
        },
      ),
      { numRuns: RUNS },
    );
  });
}
