import {
  type MeterDelta,
  mergedMeter,
  meterKey,
  type SenderCallsDelta,
  senderKey,
} from '../../../metrics-store/sender-use.ts';
import type { CallSender } from '../../../reports/call-senders.ts';
import type { MeterPoint, MeterReport } from '../../../reports/meter-report.ts';
import { addSenderCalls, isEmptySenderCalls, SenderCalls, subtractSenderCalls } from '../../../tally/sender-calls.ts';
import { HOUR_MS, windowStartMs } from '../../../tally/window.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import type { AnsweredCall } from './answered-call.ts';

/** What senders used since the last commit: by their calls, and by their own metrics. */
export class SenderUse {
  readonly #calls = new Map<string, SenderCallsDelta>();
  /** By tenant, what was asked for last: most have one service, and calls come in order of time, more or less. */
  readonly #lastOfTenant = new Map<string, SenderCallsDelta>();
  readonly #meters = new Map<string, MeterDelta>();
  readonly #ofCall = new SenderCalls();

  get meterCount(): number {
    return this.#meters.size;
  }

  /** What one call is to each of those who told of it. Unknown counts are in no sum. */
  add(pending: PendingRequest, answered: AnsweredCall, senders: readonly CallSender[]): void {
    if (senders.length === 0) return;
    const sums = sumsOfCall(answered, this.#ofCall);
    for (const sender of senders) addSenderCalls(this.#sumsOf(pending, sender), sums);
  }

  takeBack(pending: PendingRequest, answered: AnsweredCall, senders: readonly CallSender[]): void {
    if (senders.length === 0) return;
    const sums = sumsOfCall(answered, this.#ofCall);
    for (const sender of senders) subtractSenderCalls(this.#sumsOf(pending, sender), sums);
  }

  meter(tenantId: string, report: MeterReport): void {
    for (const point of report.points) {
      const delta = meterDelta(tenantId, report, point);
      const key = meterKey(delta);
      const known = this.#meters.get(key);
      this.#meters.set(key, known === undefined ? delta : mergedMeter(known, delta));
    }
  }

  calls(): readonly SenderCallsDelta[] {
    // What was added and taken back within one commit has not been.
    return [...this.#calls.values()].filter(({ sums }) => !isEmptySenderCalls(sums));
  }

  meters(): readonly MeterDelta[] {
    return [...this.#meters.values()];
  }

  #sumsOf({ series, timestampMs }: PendingRequest, { service, session }: CallSender): SenderCalls {
    const { tenantId } = series;
    const hourStartMs = windowStartMs(timestampMs, HOUR_MS);
    const last = this.#lastOfTenant.get(tenantId);
    if (last?.hourStartMs === hourStartMs && last.service === service && last.session === session) return last.sums;
    const sender = { tenantId, hourStartMs, service, session };
    const key = senderKey(sender);
    let known = this.#calls.get(key);
    if (known === undefined) this.#calls.set(key, (known = { ...sender, sums: new SenderCalls() }));
    this.#lastOfTenant.set(tenantId, known);
    return known.sums;
  }
}

/** Into an object that is used for each call again. */
function sumsOfCall(answered: AnsweredCall, sums: SenderCalls): SenderCalls {
  sums.calls = 1;
  sums.promptTokens = answered.promptTokens || 0;
  sums.completionTokens = answered.completionTokens || 0;
  sums.cachedPromptTokens = answered.cachedPromptTokens || 0;
  sums.cacheWriteTokens = answered.reportedCacheWriteTokens || 0;
  sums.reasoningTokens = answered.reasoningTokens || 0;
  sums.unpricedCalls = answered.isPriced ? 0 : 1;
  sums.costPicoUsd.clear();
  if (answered.isPriced) sums.costPicoUsd.add(answered.cost);
  return sums;
}

/** A point belongs to the hour in which its sender measured: of a delta that is the end of its interval. */
function meterDelta(tenantId: string, report: MeterReport, point: MeterPoint): MeterDelta {
  const { service, session, scope } = report;
  const { stream, part, precedence, start, at, value } = point;
  const isDelta = start !== undefined;
  return {
    tenantId,
    hourStartMs: windowStartMs(Number(BigInt(at) / NS_PER_MS), HOUR_MS),
    service,
    session,
    stream,
    scope,
    precedence,
    part,
    isDelta,
    total: isDelta ? 0 : value,
    intervals: isDelta ? new Map([[`${short(start)}-${short(at)}`, value]]) : NO_INTERVALS,
    lost: 0,
  };
}

const NS_PER_MS = 1_000_000n;
const NO_INTERVALS: ReadonlyMap<string, number> = new Map();

/** Ns since the epoch in 12 characters instead of 19: an hour of a delta series is one row with all its intervals. */
function short(nanos: string): string {
  return BigInt(nanos).toString(36);
}
