import type { BadLine } from '../backfill/line-batches.ts';
import { type BatchTarget, sendBatch } from '../backfill/send-batch.ts';
import { type ImportJournal, NOTHING_SENT, noteSending, noteSent, readJournal } from './import-journal.ts';
import { type KnownCalls, keptCallsOf, type MetricsApi, matchCalls } from './known-calls.ts';
import { eventLines, type Sender, type SessionCall, tenantOf } from './session-call.ts';

export interface ImportOptions {
  readonly sender: Sender;
  readonly target: BatchTarget;
  readonly metrics: MetricsApi;
  readonly journalPath: string;
  /** As the processor has it: the same event sent again later than this counts again. */
  readonly dedupHorizonMs: number;
  /** What to do with a batch that may have been counted longer ago than the horizon. */
  readonly unsure: 'ask' | 'resend' | 'skip';
  /** Forgets what was sent before; what StreamLens keeps is left out all the same. */
  readonly again: boolean;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly watch: ImportWatch;
}

export interface ImportWatch {
  begin(step: 'looking' | 'sending', total: number): void;
  done(count: number): void;
}

export interface ImportPlan {
  readonly toSend: readonly SessionCall[];
  /** A person decided that they were counted. */
  readonly skipped: readonly SessionCall[];
  /** By an earlier run, as the journal or StreamLens itself knows. */
  readonly importedBefore: number;
  readonly knownById: number;
  readonly knownByContent: number;
  /** To be sent, though nothing tells whether telemetry of them came. */
  readonly unmatched: number;
  /** Of sessions with telemetry, and so young that their own may still be on its way. */
  readonly tooYoung: number;
}

export interface ImportReport {
  readonly sentCalls: number;
  readonly rejectedEvents: number;
  readonly problems: readonly BadLine[];
  readonly isInterrupted: boolean;
}

/** An exporter hands over what it has at least every half minute, and tries again for a while. */
const TELEMETRY_DELAY_MS = 120_000;
const BATCH_CALLS = 500;
const PROBLEMS_MAX = 20;
/** Sending again takes a while: near the horizon it would be too late. */
const HORIZON_SHARE = 0.9;

/** Decides for every call whether it is sent. @throws where the metrics API cannot be asked, or a person must decide */
export async function planImport(calls: readonly SessionCall[], options: ImportOptions): Promise<ImportPlan> {
  const { again, journalPath, dedupHorizonMs } = options;
  const nowMs = options.nowMs();
  const journal = again ? NOTHING_SENT : readJournal(journalPath);
  const fresh = calls.filter(({ key }) => !journal.sent.has(key));
  const known = await findKnown(fresh, options);
  const isUnsure = ({ key }: SessionCall) =>
    !known.byKey.has(key) && nowMs - (journal.unanswered.get(key) ?? nowMs) > dedupHorizonMs * HORIZON_SHARE;
  const unsure = fresh.filter(isUnsure);
  if (unsure.length > 0 && options.unsure === 'ask') throw new Error(unsureText(unsure.length, journal));
  const skipped = options.unsure === 'skip' ? unsure : [];
  const left = fresh.filter((call) => !known.byKey.has(call.key) && !(options.unsure === 'skip' && isUnsure(call)));
  const toSend = left.filter((call) => !isTooYoung(call, known, nowMs));
  const hows = fresh.map(({ key }) => known.byKey.get(key));
  return {
    toSend,
    skipped,
    importedBefore: calls.length - fresh.length + hows.filter((how) => how === 'imported').length,
    knownById: hows.filter((how) => how === 'by id').length,
    knownByContent: hows.filter((how) => how === 'by content').length,
    unmatched: toSend.filter(({ key }) => known.unmatched.has(key)).length,
    tooYoung: left.length - toSend.length,
  };
}

function isTooYoung({ sessions, endedAtMs }: SessionCall, { liveSessions }: KnownCalls, nowMs: number): boolean {
  return nowMs - endedAtMs < TELEMETRY_DELAY_MS && sessions.some((session) => liveSessions.has(session));
}

function unsureText(calls: number, { unanswered }: ImportJournal): string {
  const sentAtMs = [...unanswered.values()].reduce((least, each) => Math.min(least, each), Infinity);
  return `${calls} calls were sent at ${new Date(sentAtMs).toISOString()}, and no answer came. That is longer ago than DEDUP_HORIZON, so they may count twice when sent again. Look whether they were counted, then run it with --unsure resend or --unsure skip`;
}

/** What is asked for at once: a session, or an hour of a gateway, whose sessions telemetry may not know. */
interface Place {
  readonly tenant: string;
  readonly session: string | null;
  readonly hour: number | null;
}

const HOUR_MS = 3_600_000;

function placesOf(call: SessionCall, sender: Sender): readonly Place[] {
  const tenant = tenantOf(call, sender);
  if (call.told !== undefined) return [{ tenant, session: null, hour: Math.floor(call.startedAtMs / HOUR_MS) }];
  return call.sessions.map((session) => ({ tenant, session, hour: null }));
}

/** Asks session by session. A call of a forked session is looked for in all sessions that hold it. */
async function findKnown(
  calls: readonly SessionCall[],
  { metrics, sender, watch, signal }: ImportOptions,
): Promise<KnownCalls> {
  const byPlace = Map.groupBy(
    calls.flatMap((call) => placesOf(call, sender).map((place) => ({ call, place }))),
    ({ place }) => JSON.stringify([place.tenant, place.session, place.hour]),
  );
  const byKey = new Map<string, 'imported' | 'by id' | 'by content'>();
  const unmatched = new Set<string>();
  const liveSessions = new Set<string>();
  watch.begin('looking', byPlace.size);
  for (const held of byPlace.values()) {
    if (signal.aborted) break;
    const own = held.map(({ call }) => call).filter(({ key }) => !byKey.has(key));
    const fromMs = own.reduce((least, { startedAtMs }) => Math.min(least, startedAtMs), Infinity);
    const toMs = own.reduce((most, { endedAtMs }) => Math.max(most, endedAtMs), 0);
    const { session = null, tenant = metrics.tenant } = held[0]?.place ?? {};
    const kept = own.length === 0 ? [] : await keptCallsOf(session, { fromMs, toMs }, { ...metrics, tenant });
    const found = matchCalls(own, kept);
    for (const [key, how] of found.byKey) byKey.set(key, how);
    for (const key of found.unmatched) unmatched.add(key);
    for (const each of session === null ? [] : found.liveSessions) liveSessions.add(each);
    watch.done(1);
  }
  return { byKey, unmatched: new Set([...unmatched].filter((key) => !byKey.has(key))), liveSessions };
}

/** Sends what was planned, batch by batch, and notes each before and after. @throws when a batch cannot be sent */
export async function sendPlanned({ toSend, skipped }: ImportPlan, options: ImportOptions): Promise<ImportReport> {
  const { sender, signal, watch } = options;
  const retryMsMax = Math.min(options.target.retryMsMax, options.dedupHorizonMs * HORIZON_SHARE);
  const problems: BadLine[] = [];
  let [sentCalls, rejectedEvents] = [0, 0];
  if (skipped.length > 0 && !signal.aborted) noteBatch(skipped, options).answered();
  watch.begin('sending', toSend.length);
  for (let at = 0; at < toSend.length && !signal.aborted; at += BATCH_CALLS) {
    const batch = toSend.slice(at, at + BATCH_CALLS);
    const note = noteBatch(batch, options);
    const answer = await sendBatch(lineBatchOf(batch, sender), { ...options.target, retryMsMax }, signal);
    note.answered();
    sentCalls += batch.length;
    rejectedEvents += answer.rejected;
    problems.push(...answer.badLines.slice(0, PROBLEMS_MAX - problems.length));
    watch.done(batch.length);
  }
  return { sentCalls, rejectedEvents, problems, isInterrupted: signal.aborted };
}

function noteBatch(calls: readonly SessionCall[], { journalPath, nowMs }: ImportOptions) {
  noteSending(
    journalPath,
    calls.map(({ key }) => key),
    nowMs(),
  );
  return { answered: () => noteSent(journalPath) };
}

function lineBatchOf(calls: readonly SessionCall[], sender: Sender) {
  const lineNumbers = calls.flatMap((_, index) => [2 * index + 1, 2 * index + 2]);
  const body = Buffer.from(calls.map((call) => eventLines(call, sender)).join(''));
  return { body, lineNumbers, badLines: [], end: { bytes: body.length, lines: lineNumbers.length } };
}
