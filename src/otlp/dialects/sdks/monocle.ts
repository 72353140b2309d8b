import { type Classification, is, isNone } from '../classification.ts';
import type { Dialect } from '../dialect.ts';
import type { SpanReader } from '../span-reader.ts';
import { reportsCacheBeside, reportsThoughtsBeside } from '../vendor-counts.ts';

const VERSION = 'monocle_apptrace.version';
const SPAN_TYPE = 'span.type';
/** Whom and what a span is about stands in numbered entities, of which a call has two. */
const ENTITIES = ['entity.1', 'entity.2', 'entity.3'] as const;

/** Monocle: its calls have names of its own, and their counts in an event, as whatever API answered tells them. */
export const MONOCLE: Dialect = {
  name: 'monocle',
  keys: [VERSION, SPAN_TYPE, ...ENTITIES.flatMap((entity) => [`${entity}.type`, `${entity}.name`])],
  usage: [{ event: 'metadata', when: isMonocle }],
  classify(reader) {
    const type = isMonocle(reader) ? reader.attributeText(SPAN_TYPE) : null;
    return type === null ? null : byType(type);
  },
  habits({ reader, provider, model }) {
    if (!isMonocle(reader)) return null;
    const isCacheOutside = reportsCacheBeside(provider, model);
    return { isCacheOutside, isTotalMade: isCacheOutside, isReasoningOutside: reportsThoughtsBeside(provider) };
  },
};

/** A framework's call says what was used; the client's below it, `inference.modelapi`, says nothing more. */
function byType(type: string): Classification {
  const rule = `${SPAN_TYPE} is ${type}`;
  if (type === 'inference' || type === 'inference.framework') return is('call', 'chat', rule);
  return type.startsWith('embedding') ? is('call', 'embeddings', rule) : isNone(type, rule);
}

function isMonocle({ span }: SpanReader): boolean {
  return span.attributes.has(VERSION);
}

/** The model, and who serves it as far as the kind of the client tells: `inference.azure_openai`. */
export function monocleModel(
  reader: SpanReader,
): { readonly provider: string | null; readonly model: string | null } | null {
  if (!isMonocle(reader)) return null;
  let provider: string | null = null;
  let model: string | null = null;
  for (const entity of ENTITIES) {
    const type = reader.attributeText(`${entity}.type`) ?? '';
    if (type.startsWith('inference.')) provider ??= type.slice('inference.'.length);
    if (/^model\.(?:llm|embedding)\b/.test(type)) model ??= reader.attributeText(`${entity}.name`);
  }
  return { provider: provider === 'generic' || provider === '' ? null : provider, model };
}
