import type { ComparedCall } from './compared-call.ts';
import type { RecordRole } from './report.ts';
import { endMsOf } from './trace-call.ts';
import { isEqualWhereKnown, isNamed, isSameModel, usageAgreement } from './twins.ts';

/** A record is written as its call ends; whoever reads a stream may end the span a little later. */
export const RECORD_END_MS_MAX = 350;
/** Within this where nothing but the time speaks for it. */
const BARE_END_MS_MAX = 25;
/** An exception is recorded when the call has failed; its span may end when the program is done with it. */
const EXCEPTION_MS_MAX = 1_000;

/**
 * How far the ends of a call and of a record of one trace lie apart, where the record may tell of that call; null where
 * it does not.
 */
export function recordGapMs(record: ComparedCall, call: ComparedCall): number | null {
  if (!isEqualWhereKnown(record.tenant, call.tenant)) return null;
  return record.record === 'exception' ? exceptionGapMs(record, call) : detailsGapMs(record, call);
}

/**
 * Likewise of a record of that role that was written where no span was open, and a call of another trace. It has to be
 * of the same process, and nothing in its own trace may have told yet what the record tells.
 */
export function tracelessGapMs(a: ComparedCall, b: ComparedCall, role: NonNullable<RecordRole>): number | null {
  const [record, call] = a.record === role ? [a, b] : [b, a];
  if (record.record !== role || !record.isTraceless || !lacks(call, role)) return null;
  if (record.process !== call.process || !isNamed(call.process)) return null;
  const gapMs = recordGapMs(record, call);
  return gapMs === null || gapMs > RECORD_END_MS_MAX ? null : gapMs;
}

/** Whether a record of that role may tell of the call: none did. */
export function lacks({ record, isDetailed, isExplained }: ComparedCall, role: NonNullable<RecordRole>): boolean {
  return role === 'details' ? record === null && !isDetailed : record !== 'exception' && !isExplained;
}

function exceptionGapMs(record: ComparedCall, call: ComparedCall): number | null {
  if (!call.isFailed || !isSameModel(record, call)) return null;
  return within(EXCEPTION_MS_MAX, record, call);
}

function detailsGapMs(record: ComparedCall, call: ComparedCall): number | null {
  const isCall = call.record === null && !(call.isLog && call.agent !== null) && call.role !== 'end';
  if (!isCall || record.isEmbeddings !== call.isEmbeddings || !isSameModel(record, call)) return null;
  if (!isEqualWhereKnown(record.responseId, call.responseId)) return null;
  const agreed = usageAgreement(record, call);
  if (agreed === 'agrees') {
    const isSameOrigin = record.traceId === call.traceId || record.process === call.process;
    return isSameOrigin ? within(RECORD_END_MS_MAX, record, call) : null;
  }
  if (agreed === 'differs' || record.process !== call.process || record.isFailed !== call.isFailed) return null;
  return within(call.isFailed ? RECORD_END_MS_MAX : BARE_END_MS_MAX, record, call);
}

function within(msMax: number, record: ComparedCall, call: ComparedCall): number | null {
  const gapMs = Math.abs(endMsOf(record) - endMsOf(call));
  return gapMs > msMax ? null : gapMs;
}
