import type { CallFacts } from '../call.ts';
import type { Failure } from '../dialects/failure.ts';
import type { ReportedCost } from '../dialects/reported-cost.ts';

/**
 * Takes from `other` what `winner` does not know. Never a number that the winner has: it is nearer to the wire.
 * An error that only the other span saw is taken too: a stream that broke ends well for whoever only saw its start.
 */
export function fillGaps(winner: CallFacts, other: CallFacts): CallFacts {
  return {
    operation: winner.operation,
    provider: winner.provider ?? other.provider,
    requestModel: winner.requestModel ?? other.requestModel,
    responseModel: winner.responseModel ?? other.responseModel,
    responseId: winner.responseId ?? other.responseId,
    promptTokens: winner.promptTokens ?? other.promptTokens,
    completionTokens: winner.completionTokens ?? other.completionTokens,
    cachedTokens: winner.cachedTokens ?? other.cachedTokens,
    cacheWriteTokens: winner.cacheWriteTokens ?? other.cacheWriteTokens,
    cacheWrite1hTokens: winner.cacheWrite1hTokens ?? other.cacheWrite1hTokens,
    reasoningTokens: winner.reasoningTokens ?? other.reasoningTokens,
    audioPromptTokens: winner.audioPromptTokens ?? other.audioPromptTokens,
    cachedAudioPromptTokens: winner.cachedAudioPromptTokens ?? other.cachedAudioPromptTokens,
    audioCompletionTokens: winner.audioCompletionTokens ?? other.audioCompletionTokens,
    imagePromptTokens: winner.imagePromptTokens ?? other.imagePromptTokens,
    imageCompletionTokens: winner.imageCompletionTokens ?? other.imageCompletionTokens,
    finishReason: winner.finishReason ?? other.finishReason,
    stream: winner.stream ?? other.stream,
    firstTokenMs: winner.firstTokenMs ?? other.firstTokenMs,
    failure: fillFailure(winner.failure, other.failure),
    serviceTier: winner.serviceTier ?? other.serviceTier,
    cacheHit: winner.cacheHit ?? other.cacheHit,
    reportedCost: fillCost(winner.reportedCost, other.reportedCost),
  };
}

function fillFailure(winner: Failure | null, other: Failure | null): Failure | null {
  if (winner === null || other === null) return winner ?? other;
  return {
    kind: winner.kind === 'other' ? other.kind : winner.kind,
    type: winner.type ?? other.type,
    httpStatus: winner.httpStatus ?? other.httpStatus,
    message: winner.message ?? other.message,
  };
}

/** What a provider or gateway charged is worth more than what a client reckoned. */
function fillCost(winner: ReportedCost | null, other: ReportedCost | null): ReportedCost | null {
  if (winner === null || other === null) return winner ?? other;
  return winner.by === 'client' ? other : winner;
}
