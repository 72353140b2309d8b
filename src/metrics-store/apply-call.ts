import { ofKind } from '../tally/kinds.ts';
import type { Call, CallFacts, CallIdentity, CallWrite } from './call.ts';
import { CALL_KEPT, CALL_REQUEST_ONLY, type KeptField } from './call-columns.ts';
import { storableText, storableTextOrNull } from './storable-text.ts';

/**
 * The stored call after `write`; `stored` is what was there under the same identity. The SQL stores do the same in SQL.
 */
export function applyCallWrite(stored: Call | undefined, write: CallWrite): Call {
  if (write.kind === 'full' || stored === undefined) return write.call;
  return { ...write.call, ...Object.fromEntries(CALL_REQUEST_ONLY.map((field) => [field, stored[field]])) };
}

/** Identity of a call: an id may come again after the dedup horizon, then with another timestamp. */
export function callKey(call: CallIdentity): string {
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
  const sane =
    TEXTS.every((field) => isStorable(call[field])) && NULLABLE_TEXTS.every((field) => isStorable(call[field]));
  if (sane) return call;
  const stored: Mutable<Call> = { ...call };
  for (const field of TEXTS) stored[field] = storableText(call[field]);
  for (const field of NULLABLE_TEXTS) stored[field] = storableTextOrNull(call[field]);
  return stored;
}

function isStorable(text: string | null): boolean {
  return text === null || (text.isWellFormed() && !text.includes('\0'));
}

/** The facts of a call that hold any text from outside; one that is not here does not compile. */
const TEXT_KINDS = {
  requestId: 'text',
  tenantId: 'text',
  route: 'text',
  model: 'text',
  provider: 'text',
  error: 'nullable',
  answeredModel: 'nullable',
  errorKind: 'nullable',
  bill: 'nullable',
} as const satisfies { readonly [Field in TextField]: null extends Call[Field] ? 'nullable' : 'text' };

type TextField = { [Field in keyof CallFacts]: string extends Call[Field] ? Field : never }[keyof CallFacts];

const TEXTS = ofKind(TEXT_KINDS, 'text');
const KEPT_TEXTS = CALL_KEPT.filter(({ kind }) => kind === 'text' || kind === 'object');
const NULLABLE_TEXTS = [...ofKind(TEXT_KINDS, 'nullable'), ...KEPT_TEXTS.map(({ field }) => field as KeptField)];

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };
