import type { Call, CallWrite } from './call.ts';
import { storableText, storableTextOrNull } from './storable-text.ts';

/** The stored call after `write`; `stored` is what was there under the same identity. The SQL stores do the same in SQL. */
export function applyCallWrite(stored: Call | undefined, write: CallWrite): Call {
  if (write.kind === 'full' || stored === undefined) return write.call;
  const { userIdHash, sessionId, metadata } = stored;
  return { ...write.call, userIdHash, sessionId, metadata };
}

/** Identity of a call: an id may come again after the dedup horizon, then with another timestamp. */
export function callKey(call: Pick<Call, 'tenantId' | 'timestampMs' | 'requestId'>): string {
  return `${call.tenantId}\0${call.timestampMs}\0${call.requestId}`;
}

/** One write per call: a later write of the same call is applied to the earlier one. In order of first appearance. */
export function foldCallWrites(writes: readonly CallWrite[]): readonly CallWrite[] {
  const folded = new Map<string, CallWrite>();
  for (const write of writes) {
    const call = storableCall(write.call);
    const key = callKey(call);
    const earlier = folded.get(key);
    if (earlier === undefined) folded.set(key, call === write.call ? write : { kind: write.kind, call });
    else {
      const kind = write.kind === 'full' ? 'full' : earlier.kind;
      folded.set(key, { kind, call: applyCallWrite(earlier.call, { kind: write.kind, call }) });
    }
  }
  return [...folded.values()];
}

/** The call with every text in a form that each store can keep; the same object where nothing had to change. */
function storableCall(call: Call): Call {
  const sane = TEXTS.every((field) => {
    const text = call[field];
    return text === null || (text.isWellFormed() && !text.includes('\0'));
  });
  if (sane) return call;
  return {
    ...call,
    requestId: storableText(call.requestId),
    tenantId: storableText(call.tenantId),
    route: storableText(call.route),
    model: storableText(call.model),
    provider: storableText(call.provider),
    finishReason: storableTextOrNull(call.finishReason),
    error: storableTextOrNull(call.error),
    userIdHash: storableTextOrNull(call.userIdHash),
    sessionId: storableTextOrNull(call.sessionId),
    metadata: storableTextOrNull(call.metadata),
    answeredModel: storableTextOrNull(call.answeredModel),
  };
}

const TEXTS = [
  'requestId',
  'tenantId',
  'route',
  'model',
  'provider',
  'finishReason',
  'error',
  'userIdHash',
  'sessionId',
  'metadata',
  'answeredModel',
] as const satisfies readonly (keyof Call)[];
