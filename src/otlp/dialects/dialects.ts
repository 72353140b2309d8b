import type { Classification } from './classification.ts';
import type { Dialect } from './dialect.ts';
import { ADK } from './sdks/adk.ts';
import { AG2 } from './sdks/ag2.ts';
import { AGENT_FRAMEWORK } from './sdks/agent-framework.ts';
import { AI_SDK } from './sdks/ai-sdk.ts';
import { BRAINTRUST } from './sdks/braintrust.ts';
import { CLAUDE_CODE } from './sdks/claude-code.ts';
import { CODEX } from './sdks/codex.ts';
import { CONFIDENT } from './sdks/confident.ts';
import { COPIED_COUNTS } from './sdks/copied-counts.ts';
import { DATADOG } from './sdks/datadog.ts';
import { GENKIT } from './sdks/genkit.ts';
import { GOOSE } from './sdks/goose.ts';
import { HAND_MADE } from './sdks/hand-made.ts';
import { HONEYHIVE } from './sdks/honeyhive.ts';
import { LANGFUSE } from './sdks/langfuse.ts';
import { LANGSMITH } from './sdks/langsmith.ts';
import { LANGWATCH } from './sdks/langwatch.ts';
import { LITELLM } from './sdks/litellm.ts';
import { LOGFIRE } from './sdks/logfire.ts';
import { MASTRA } from './sdks/mastra.ts';
import { MLFLOW } from './sdks/mlflow.ts';
import { MONOCLE } from './sdks/monocle.ts';
import { OPENCLAW } from './sdks/openclaw.ts';
import { OPENINFERENCE } from './sdks/openinference.ts';
import { OPENLIT } from './sdks/openlit.ts';
import { OPENLLMETRY } from './sdks/openllmetry.ts';
import { OPENROUTER } from './sdks/openrouter.ts';
import { OTEL } from './sdks/otel.ts';
import { PIPECAT } from './sdks/pipecat.ts';
import { SPAN_KINDS } from './sdks/span-kinds.ts';
import { STRANDS } from './sdks/strands.ts';
import { TRUEFOUNDRY } from './sdks/truefoundry.ts';
import type { SpanReader } from './span-reader.ts';

/**
 * All dialects, in the order in which they are asked what a span is: one span may speak two of them, and who says more
 * of it comes first. Of usages that contradict each other and that no arithmetic parts, the first is believed.
 */
export const DIALECTS: readonly Dialect[] = [
  TRUEFOUNDRY,
  LOGFIRE,
  OPENINFERENCE,
  LANGFUSE,
  AI_SDK,
  LITELLM,
  GENKIT,
  MASTRA,
  MLFLOW,
  BRAINTRUST,
  MONOCLE,
  CLAUDE_CODE,
  CODEX,
  OPENROUTER,
  OPENCLAW,
  GOOSE,
  PIPECAT,
  AG2,
  AGENT_FRAMEWORK,
  OTEL,
  OPENLLMETRY,
  LANGSMITH,
  LANGWATCH,
  SPAN_KINDS,
  CONFIDENT,
  HONEYHIVE,
  DATADOG,
  ADK,
  STRANDS,
  COPIED_COUNTS,
  OPENLIT,
  HAND_MADE,
];

/** What the first dialect that knows the span says it is; null where none does. */
export function classifyByDialect(reader: SpanReader): Classification | null {
  for (const { classify } of DIALECTS) {
    const classification = classify?.(reader) ?? null;
    if (classification !== null) return classification;
  }
  return null;
}

/** The attributes that the rules of all dialects read, beside those of the mapping table and of usage. */
export const CLASSIFYING_KEYS: readonly string[] = DIALECTS.flatMap(({ keys = [] }) => keys);

/** Texts that may be long (prompts and answers) and of which a single fact is read, if nothing else told it. */
export const LATE_KEYS: readonly string[] = DIALECTS.flatMap(({ lateKeys = [], usage = [] }) => [
  ...lateKeys,
  ...usage.flatMap((source) => ('object' in source && source.isLate === true ? [source.object] : [])),
]);
