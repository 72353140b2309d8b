import { readCacheHit } from './dialects/cache-hit.ts';
import type { Operation } from './dialects/classification.ts';
import type { Emitter } from './dialects/dialect.ts';
import { type Failure, readFailure } from './dialects/failure.ts';
import { firstTokenWithin } from './dialects/first-token.ts';
import { normalizeProvider } from './dialects/provider.ts';
import { type ReportedCost, readReportedCost } from './dialects/reported-cost.ts';
import { genkitModel } from './dialects/sdks/genkit.ts';
import { isLitellmCallId, isLitellmRaw, litellmBilledModel, readLitellmRaw } from './dialects/sdks/litellm.ts';
import { monocleModel } from './dialects/sdks/monocle.ts';
import { openlitModel } from './dialects/sdks/openlit.ts';
import { readServiceTier } from './dialects/service-tier.ts';
import type { SpanReader } from './dialects/span-reader.ts';
import { chooseUsage } from './usage/choose-usage.ts';
import { readUsage } from './usage/read-usage.ts';
import type { Usage } from './usage/settle-usage.ts';

/**
 * What one span says about one model call. Null is unknown: never 0, never a guess.
 * Prompt tokens include cached ones; completion tokens include reasoning.
 */
export interface CallFacts extends Usage {
  readonly operation: Operation;
  readonly provider: string | null;
  readonly requestModel: string | null;
  readonly responseModel: string | null;
  readonly responseId: string | null;
  /** The reason in the sender's own words. */
  readonly finishReason: string | null;
  readonly stream: boolean | null;
  readonly firstTokenMs: number | null;
  readonly failure: Failure | null;
  readonly serviceTier: string | null;
  /** A proxy or a client answered from its own cache, so that nothing was spent. Null where nothing says so. */
  readonly cacheHit: boolean | null;
  readonly reportedCost: ReportedCost | null;
}

/** Reads everything about the call from its span, by the mapping table and the dialects. */
export function readCall(reader: SpanReader, told: Operation): CallFacts {
  const { span } = reader;
  const named = genkitModel(reader) ?? monocleModel(reader);
  const provider = normalizeProvider(reader.text('provider') ?? named?.provider ?? null);
  const requestModel = known(reader.text('requestModel')) ?? named?.model ?? openlitModel(span);
  const answered = known(reader.text('responseModel'));
  const responseModel = litellmBilledModel(reader, answered) ?? answered;
  const emitter: Emitter = { reader, provider, scopeName: span.scope.name, model: requestModel ?? responseModel };
  const operation = isEmbedding(told, emitter.model) ? 'embeddings' : told;
  const firstTokenMs = firstTokenWithin(reader.number('firstTokenMs'), span.durationMs);
  const usage = asPainted(chooseUsage(readUsage(emitter), operation), emitter.model);
  const facts: CallFacts = {
    ...usage,
    operation,
    provider,
    requestModel,
    responseModel,
    firstTokenMs,
    responseId: responseIdOf(reader),
    finishReason: known(reader.text('finishReason')),
    stream: reader.flag('stream') ?? (firstTokenMs === null ? null : true),
    failure: readFailure(reader, usage),
    serviceTier: readServiceTier(reader),
    cacheHit: readCacheHit(reader),
    reportedCost: readReportedCost(reader, provider),
  };
  return isLitellmRaw(span) ? { ...facts, ...readLitellmRaw(span) } : facts;
}

/** Models that answer with pictures: OpenAI's API of images counts those without saying of which kind its output is. */
const PAINTER = /(?:^|\/)(?:chatgpt|gpt)-image-/i;

function asPainted(usage: Usage, model: string | null): Usage {
  const isPainted = usage.imageCompletionTokens === null && model !== null && PAINTER.test(model);
  return isPainted ? { ...usage, imageCompletionTokens: usage.completionTokens } : usage;
}

/** A span that does not say what it does may name a model that can do one thing only. */
function isEmbedding(named: Operation, model: string | null): boolean {
  return named === 'embeddings' || (named === 'chat' && model !== null && /embed/i.test(model));
}

function responseIdOf(reader: SpanReader): string | null {
  const id = known(reader.text('responseId'));
  return id !== null && isLitellmCallId(reader, id) ? null : id;
}

/** Words with which SDKs fill what they do not know: no name, and no id by which calls could be known again. */
const FILLER = /^(?:-1|-|n\/?a|none|null|nil|undefined|unknown|not[ _-]?available|not[ _-]?set|unset|todo|\[\]|\{\})$/i;

const FILLER_CHARS_MAX = 13;

function known(text: string | null): string | null {
  if (text === null) return null;
  const trimmed = text.trim();
  return trimmed === '' || (trimmed.length <= FILLER_CHARS_MAX && FILLER.test(trimmed)) ? null : trimmed;
}
