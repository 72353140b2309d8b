import { OpenCalls } from '../reports/open-calls.ts';
import { readCall } from './call.ts';
import { decodeTraces, type OtlpFormat } from './decode/decode-traces.ts';
import type { KeyTable } from './decode/key-table.ts';
import type { Decoded, OtlpSpan } from './decode/trace-export.ts';
import { CLASSIFYING_KEYS } from './dialects/dialects.ts';
import { classify } from './dialects/is-call.ts';
import { attributeKeysOf, type Field, MAPPING } from './dialects/mapping.ts';
import { SpanReader } from './dialects/span-reader.ts';
import { createFullKeyTable } from './dialects/wanted-keys.ts';
import { flawOf } from './flaw.ts';
import { type SpansToReportsOptions, spansToReports } from './spans-to-reports.ts';
import { indexAncestors } from './to-events/tenant-and-route.ts';
import { usageKeysOf } from './usage/read-usage.ts';
import type { Usage } from './usage/settle-usage.ts';
import type { UsagePart } from './usage/usage-part.ts';

/** How one span was read, in the words of the answer to `POST /v1/otlp/explain`. */
export interface SpanExplanation {
  readonly trace_id: string;
  readonly span_id: string;
  readonly name: string;
  readonly scope: string;
  readonly outcome: 'counted' | 'folded' | 'ignored' | 'rejected';
  /** Why, and for a folded span which request_id stands for it. */
  readonly reason: string;
  readonly request_id: string | null;
  /** What to do about it, where something is missing. */
  readonly hint: string | null;
  readonly fields: readonly FieldExplanation[];
  /** Attributes that nothing was read from. */
  readonly ignored_attributes: readonly string[];
  /** The call that it comes to, as the two halves that an application would have sent. */
  readonly events: readonly object[];
}

export interface ExplainOptions extends SpansToReportsOptions {
  /** Those of ingestion: what it does not decode cannot change what is explained. */
  readonly keys: KeyTable;
}

interface FieldExplanation {
  readonly field: string;
  readonly value: string | number | boolean;
  readonly attribute: string;
  readonly read_as: string;
}

/**
 * Shows for each span of a posted export what was read from which attribute, what was not, and how it would be
 * counted: judged as behind the log, with all spans of the export. Nothing is kept. What was exported before is known
 * to processors alone, and may change the judgement.
 */
export function explainExport(
  body: Uint8Array,
  format: OtlpFormat,
  options: ExplainOptions,
): Decoded<readonly SpanExplanation[]> {
  const decoded = decodeTraces(body, format, options.keys);
  if (!decoded.ok) return decoded;
  const { spans } = decoded.value;
  const whole = decodeTraces(body, format, createFullKeyTable());
  const all = whole.ok ? whole.value.spans : [];
  const open = new OpenCalls();
  for (const { report } of spansToReports(decoded.value, options).translated) {
    if (report !== null) open.add(report, { place: 0, loggedAtMs: 0 });
  }
  open.settle();
  const callOf = new Map(open.calls().map((call) => [call.request.request_id, call]));
  const folded = open.folded();
  const ancestorsOf = indexAncestors(spans);
  const seen = new Set<string>();
  const withCall = new Set([...callOf.keys(), ...folded.keys()].map((id) => id.slice(0, TRACE_ID_CHARS)));
  const value = spans.map((span, i): SpanExplanation => {
    const { role, rule, isAgent } = classify(new SpanReader(span));
    const fields = role === 'none' ? [] : fieldsOf(span, [span, ...ancestorsOf(span)], options);
    const id = `${span.traceId}-${span.spanId}`;
    const into = seen.has(id) ? { into: id, rule: 'the same span again' } : (folded.get(id) ?? null);
    const flaw = role === 'none' ? null : flawOf(span);
    const call = role === 'none' || into !== null || flaw !== null ? undefined : callOf.get(id);
    if (role !== 'none') seen.add(id);
    return {
      trace_id: span.traceId,
      span_id: span.spanId,
      name: span.name,
      scope: span.scope.name,
      fields,
      ...outcomeOf({
        rule,
        flaw,
        counted: call !== undefined,
        foldedBy: role === 'none' ? null : (into?.rule ?? null),
      }),
      request_id: role === 'none' ? null : (into?.into ?? call?.request.request_id ?? null),
      hint: isAgent && !withCall.has(span.traceId) ? AGENTS_ONLY_HINT : null,
      ignored_attributes: ignoredAttributes(all[i] ?? span, fields),
      events:
        call === undefined
          ? []
          : [
              { type: 'request', ...call.request },
              { type: 'response', ...call.response },
            ],
    };
  });
  return { ok: true, value };
}

const TRACE_ID_CHARS = 32;
const AGENTS_ONLY_HINT =
  'This is a span of an agent, a chain or a tool, and its trace has no span of a model call here. Where the calls come in no other ' +
  "export, nothing is counted: instrument the model's client too (OpenAI, Anthropic, Bedrock, …), see docs/connect.md.";

/** @param item with all its attributes */
export function ignoredAttributes(
  { attributes }: Pick<OtlpSpan, 'attributes'>,
  fields: readonly FieldExplanation[],
): readonly string[] {
  const used = new Set<string>([...CLASSIFYING_KEYS, ...fields.flatMap(({ attribute }) => attribute.split(', '))]);
  return attributes.keys.filter((key) => !used.has(key)).toSorted();
}

interface Verdict {
  readonly rule: string;
  readonly flaw: string | null;
  readonly counted: boolean;
  readonly foldedBy: string | null;
}

function outcomeOf({ rule, flaw, counted, foldedBy }: Verdict): Pick<SpanExplanation, 'outcome' | 'reason'> {
  if (flaw !== null) return { outcome: 'rejected', reason: flaw };
  if (foldedBy !== null) return { outcome: 'folded', reason: foldedBy };
  return { outcome: counted ? 'counted' : 'ignored', reason: rule };
}

export function fieldsOf(
  span: OtlpSpan,
  spans: readonly OtlpSpan[],
  { tenantOfKey, dimensions }: SpansToReportsOptions,
): readonly FieldExplanation[] {
  const reader = new SpanReader(span);
  const fields = (Object.keys(MAPPING) as Field[]).flatMap((field): FieldExplanation[] => {
    const found = reader.find(field);
    if (found === null) return [];
    const paths = found.source.paths;
    const read_as = paths === undefined ? found.source.read : `${found.source.read}, JSON ${paths.join(' or ')}`;
    return [
      { field, value: found.value, attribute: attributeKeysOf(found.source).join(', ') || found.source.key, read_as },
    ];
  });
  fields.push(...usageFields(reader));
  const tenant = tenantOfKey === null ? dimensions.tenant(spans) : { value: tenantOfKey, from: '(API key)' };
  const route = dimensions.route(spans);
  if (tenant !== null) fields.push({ field: 'tenant', value: tenant.value, attribute: tenant.from, read_as: 'text' });
  if (route !== null) fields.push({ field: 'route', value: route.value, attribute: route.from, read_as: 'text' });
  return fields;
}

/** The parts that each count of a call is made of. */
const PARTS_OF: Readonly<Record<keyof Usage, readonly UsagePart[]>> = {
  promptTokens: ['prompt', 'fresh', 'total'],
  completionTokens: ['completion', 'total'],
  cachedTokens: ['cached', 'cachedText', 'cachedAudio', 'cachedImage'],
  cacheWriteTokens: ['cacheWrite', 'cacheWrite5m', 'cacheWrite1h'],
  cacheWrite1hTokens: ['cacheWrite1h'],
  reasoningTokens: ['reasoning'],
  audioPromptTokens: ['audioPrompt'],
  cachedAudioPromptTokens: ['cachedAudio'],
  audioCompletionTokens: ['audioCompletion'],
  imagePromptTokens: ['imagePrompt'],
  imageCompletionTokens: ['imageCompletion'],
  webSearchRequests: ['webSearch', 'xSearch'],
};

/** The counts as the call would have them, which may be put together from several attributes. */
function usageFields(reader: SpanReader): readonly FieldExplanation[] {
  const facts = readCall(reader, classify(reader).operation);
  return (Object.keys(PARTS_OF) as (keyof Usage)[]).flatMap((field): FieldExplanation[] => {
    const value = facts[field];
    const keys = usageKeysOf(reader, PARTS_OF[field]);
    return value === null ? [] : [{ field, value, attribute: keys.join(', '), read_as: 'usage' }];
  });
}
