import type { Dialect } from '../dialect.ts';
import { classifyByKind } from '../span-kind.ts';

/**
 * SDKs of which nothing but an attribute of the kind is their own: LangSmith, Laminar, Alibaba's LoongSuite, AgentOps,
 * FutureAGI, Openlayer, Judgment, agentUniverse.
 */
const KIND_KEYS = [
  'lmnr.span.type',
  'langsmith.span.kind',
  'gen_ai.span.kind',
  'agentops.span.kind',
  'fi.span.kind',
  'openlayer.span.type',
  'judgment.span_kind',
  'au.span.kind',
] as const;

export const SPAN_KINDS: Dialect = {
  name: 'span-kinds',
  keys: KIND_KEYS,
  classify(reader) {
    for (const key of KIND_KEYS) {
      const classification = reader.span.attributes.has(key) ? classifyByKind(reader, key) : null;
      if (classification !== null) return classification;
    }
    return null;
  },
};
