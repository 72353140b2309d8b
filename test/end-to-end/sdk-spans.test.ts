import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { get, post } from './http-calls.ts';
import { serverFor } from './running-server.ts';
import { until } from './until.ts';

/**
 * Spans as instrumentations write them, read from their sources (in 2026) and not captured: each with the calls that it
 * comes to, and what a price page says of their tokens. What a call's expectation does not name is not checked.
 */
interface Case {
  readonly shows: string;
  readonly resource?: Readonly<Record<string, string>>;
  readonly spans: readonly Span[];
  /** In the order of the spans that they come from. */
  readonly calls: readonly Readonly<Record<string, unknown>>[];
}

type Value = string | number | boolean | readonly string[];
type Attributes = Readonly<Record<string, Value>>;

interface Span {
  readonly scope?: string;
  readonly name?: string;
  readonly kind?: number;
  /** The place of the span above it. */
  readonly parent?: number;
  readonly startMs?: number;
  readonly durationMs?: number;
  readonly status?: { readonly code: number; readonly message?: string };
  readonly events?: readonly { readonly name: string; readonly at?: number; readonly attrs?: Attributes }[];
  readonly attributes: Attributes;
}

const CASES = JSON.parse(
  readFileSync(new URL('../fixtures/sdk-spans.json', import.meta.url), 'utf8'),
) as readonly Case[];

const DAY_MS = Date.UTC(2026, 10, 24);

const traceIdOf = (place: number): string => (place + 1).toString(16).padStart(32, '0');
const spanIdOf = (place: number): string => (place + 1).toString(16).padStart(16, '0');

test('spans of many SDKs come to their calls, with the tokens and the cost of the invoice', async (t) => {
  const server = await serverFor(t, {
    CALLS_PER_SECOND_MAX: '1000000',
    CALLS_RETENTION: '36500d',
    TENANT_ATTRIBUTES: 'tenant.id',
  });
  for (const [place, one] of CASES.entries()) {
    const { status, text } = await post(`${server.ingestion}/v1/traces`, JSON.stringify(exportOf(one, place)));
    assert.deepEqual([status, /rejected/i.test(text)], [200, false], `${one.shows}: ${text}`);
  }
  for (const [place, one] of CASES.entries()) {
    await t.test(one.shows, () => until(async () => assertCalls(await callsOf(server.metrics, one, place), one.calls)));
  }
});

async function callsOf(metrics: string, { spans }: Case, place: number): Promise<readonly Record<string, unknown>[]> {
  const calls: Record<string, unknown>[] = [];
  for (const index of spans.keys()) {
    const { status, text } = await get(
      `${metrics}/v1/calls/${traceIdOf(place)}-${spanIdOf(index)}?tenant_id=sdk-spans`,
    );
    if (status === 200) calls.push((JSON.parse(text) as { call: Record<string, unknown> }).call);
  }
  return calls;
}

function assertCalls(actual: readonly Record<string, unknown>[], expected: Case['calls']): void {
  assert.equal(actual.length, expected.length, JSON.stringify(actual));
  for (const [index, call] of expected.entries()) {
    const shown = Object.fromEntries(Object.keys(call).map((field) => [field, rounded(actual[index]?.[field])]));
    assert.deepEqual(shown, Object.fromEntries(Object.entries(call).map(([field, value]) => [field, rounded(value)])));
  }
}

/** The fixture's costs are sums of floats; the program's are exact. */
const rounded = (value: unknown): unknown => (typeof value === 'number' ? Number(value.toPrecision(12)) : value);

/** Each case a process of its own some seconds apart, so that no two are taken for one. */
function exportOf({ shows, resource, spans }: Case, place: number): object {
  const attributes = attributesOf({ 'service.name': shows, 'tenant.id': 'sdk-spans', ...resource });
  const scopeSpans = spans.map((span, index) => {
    const startMs = DAY_MS + place * 10_000 + (span.startMs ?? 0);
    return {
      scope: { name: span.scope ?? 'test' },
      spans: [
        {
          traceId: traceIdOf(place),
          spanId: spanIdOf(index),
          ...(span.parent === undefined ? {} : { parentSpanId: spanIdOf(span.parent) }),
          name: span.name ?? 'chat',
          kind: span.kind ?? 3,
          startTimeUnixNano: `${startMs}000000`,
          endTimeUnixNano: `${startMs + (span.durationMs ?? 1000)}000000`,
          attributes: attributesOf(span.attributes),
          events: (span.events ?? []).map(({ name, at = 10, attrs = {} }) => ({
            name,
            timeUnixNano: `${startMs + at}000000`,
            attributes: attributesOf(attrs),
          })),
          status: span.status ?? {},
        },
      ],
    };
  });
  return { resourceSpans: [{ resource: { attributes }, scopeSpans }] };
}

function attributesOf(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: Value): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(valueOf) } };
}
