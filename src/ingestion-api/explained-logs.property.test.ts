import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFullKeyTable, createKeyTable } from '../otlp/dialects/wanted-keys.ts';
import { encodeLogs, type JsonKeyValue, type JsonLogs } from '../otlp/encode-logs.contract.ts';
import type { SpanExplanation } from '../otlp/explain.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from '../otlp/shipped-attribute-names.contract.ts';
import { DimensionFinder } from '../otlp/to-events/tenant-and-route.ts';
import { OpenCalls } from '../reports/open-calls.ts';
import { parseReport } from '../reports/parse-report.ts';
import { type Report, requestIdOf } from '../reports/report.ts';
import { explainAsJson, translateExport } from './translate-export.ts';

const FOLDER = new URL('../../test/fixtures/agents/', import.meta.url);

const context = {
  keys: createKeyTable(SHIPPED_ATTRIBUTE_NAMES),
  allKeys: createFullKeyTable(),
  dimensions: new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES),
  correlation: 'trace',
  keepUserEmail: false,
} as const;

const LOG_FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('-logs.json'),
);

function logsIn(file: string): JsonLogs {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as JsonLogs;
}

/** Attributes that nothing is read from, such as a prompt or what a newer agent adds. */
const unread = fc.array(
  fc.record({
    key: fc.constantFrom('gen_ai.input.messages', 'prompt_text', 'a.newer.attribute', 'tool_input'),
    value: fc.record({ stringValue: fc.string({ maxLength: 300 }) }),
  }),
  { maxLength: 3 },
);

const exported = fc.record({
  file: fc.constantFrom(...LOG_FILES),
  added: unread,
  isFirst: fc.boolean(),
  format: fc.constantFrom('json' as const, 'protobuf' as const),
});

test('an explanation of log records tells the calls, ids and reasons that ingestion comes to', () => {
  let counted = 0;
  fc.assert(
    fc.property(exported, ({ file, added, isFirst, format }) => {
      const told = withAttributes(logsIn(file), (own) => (isFirst ? [...added, ...own] : [...own, ...added]));
      const body = format === 'json' ? Buffer.from(JSON.stringify(told)) : encodeLogs(told);
      const explanations = explained(body, format);
      const { calls, reports, folded } = counting(body, format);
      const countedOnes = explanations.filter(({ outcome }) => outcome === 'counted');
      assert.deepEqual(
        countedOnes.map(({ events }) => events).toSorted(byText),
        calls
          .map(({ request, response }) => [
            { type: 'request', ...request },
            { type: 'response', ...response },
          ])
          .toSorted(byText),
      );
      const said = explanations.filter(({ outcome }) => outcome === 'counted' || outcome === 'folded');
      assert.deepEqual(
        said.map(({ request_id: id }) => id),
        reports.map((report) => folded.get(requestIdOf(report))?.into ?? requestIdOf(report)),
      );
      for (const [i, report] of reports.entries()) {
        const into = folded.get(requestIdOf(report));
        if (into !== undefined) assert.equal(said[i]?.reason, into.rule);
      }
      counted += calls.length;
    }),
    { numRuns: 150 },
  );
  assert.ok(counted > 0);
});

test('what nothing is read from changes no id of a record', () => {
  const idsOf = (logs: JsonLogs) => explained(Buffer.from(JSON.stringify(logs)), 'json').map((each) => each.request_id);
  fc.assert(
    fc.property(exported, ({ file, added }) => {
      const logs = logsIn(file);
      assert.deepEqual(idsOf(withAttributes(logs, (own) => [...own, ...added])), idsOf(logs));
    }),
    { numRuns: 50 },
  );
});

function explained(body: Buffer, format: 'json' | 'protobuf'): readonly SpanExplanation[] {
  const answer = explainAsJson({ body, format, tenants: null }, context);
  assert.ok(answer.ok, answer.ok ? '' : answer.reason);
  const { logs } = JSON.parse(answer.value.json) as { logs?: SpanExplanation[] };
  assert.ok(logs !== undefined, 'it was taken for spans');
  return logs;
}

/** What becomes of the body behind the log. */
function counting(body: Buffer, format: 'json' | 'protobuf') {
  const translated = translateExport({ body, format, signal: 'logs', tenants: null }, context);
  assert.ok(translated.ok);
  const open = new OpenCalls();
  const reports = translated.value.records.map(({ value }): Report => {
    const parsed = parseReport(value);
    assert.ok(parsed.ok && parsed.report.kind !== 'meter');
    open.add(parsed.report, { place: 0, loggedAtMs: 0 });
    return parsed.report;
  });
  open.settle();
  return {
    calls: JSON.parse(JSON.stringify(open.calls())) as ReturnType<OpenCalls['calls']>,
    reports,
    folded: open.folded(),
  };
}

function withAttributes(
  { resourceLogs }: JsonLogs,
  change: (own: readonly JsonKeyValue[]) => readonly JsonKeyValue[],
): JsonLogs {
  return {
    resourceLogs: resourceLogs.map((resource) => ({
      ...resource,
      scopeLogs: resource.scopeLogs.map((scope) => ({
        ...scope,
        logRecords: scope.logRecords.map((record) => ({ ...record, attributes: change(record.attributes) })),
      })),
    })),
  };
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
