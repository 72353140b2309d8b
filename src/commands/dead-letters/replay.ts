import type { EventLog, NewRecord } from '../../event-log/event-log.ts';
import { partitionOf } from '../../event-log/partition-of.ts';
import { TOPICS } from '../../events/topics.ts';
import { type DeadLetterPlace, type DeadLetterReplays, placeKey } from '../../metrics-store/dead-letter-replays.ts';
import type { DeadLetterCursor, MetricsReader } from '../../metrics-store/metrics-reader.ts';
import type { DeadLetter, DeadLetterReason } from '../../metrics-store/outbox.ts';
import { judgeReplay, type ReadRecord, requestIdOf, tenantIdOf } from './judge-replay.ts';

export interface ReplayQuery {
  /** Null for any. */
  readonly reason: DeadLetterReason | null;
  /** Null for any. */
  readonly place: DeadLetterPlace | null;
  readonly isDryRun: boolean;
  /** How long the processor waits for a response. */
  readonly joinTimeoutMs: number;
  /** How long the processor remembers an id. */
  readonly dedupHorizonMs: number;
}

export interface ReplayPorts {
  readonly store: Pick<MetricsReader, 'readDeadLetters' | 'readCall'>;
  readonly replays: DeadLetterReplays;
  readonly log: Pick<EventLog, 'readRange' | 'offsetAt' | 'bounds' | 'partitionCount'>;
  /** Appends durably. @throws where it is not known whether the records were taken */
  readonly append: (records: readonly NewRecord[]) => Promise<void>;
  readonly readRecord: ReadRecord;
  readonly nowMs: () => number;
  /** How far ahead of the clock `append` stamps. */
  readonly aheadMs: number;
  readonly onLetter: (letter: DeadLetter, what: string) => void;
}

export interface ReplayReport {
  readonly matched: number;
  readonly replayed: number;
  /** Replayed before. */
  readonly before: number;
  readonly skipped: number;
}

const PAGE_LETTERS = 200;
/** Ids that are looked for in the log at once. */
const WANTED_MAX = 100_000;

/**
 * Appends dead letters again, where that would count them, and each at most once:
 *
 *     claim the letters in the store      another replay at the same time gets none of them
 *     append their records                a failure gives the claims back
 *
 * Killed in between, a letter is claimed and was not appended. It is told as replayed then, and its record is still
 * there to be sent by hand: better than counting it twice.
 *
 * @throws what the store or the log throw
 */
export async function replayDeadLetters(query: ReplayQuery, ports: ReplayPorts): Promise<ReplayReport> {
  const requests = await requestsNear(await wantedIds(query, ports), query, ports);
  const report = { matched: 0, replayed: 0, before: 0, skipped: 0 };
  for await (const letters of letterPages(query, ports)) {
    report.matched += letters.length;
    const claimed = await ports.replays.read(letters);
    const replayable: Replayable[] = [];
    for (const letter of letters) {
      const atMs = claimed.get(placeKey(letter));
      if (atMs !== undefined) {
        report.before++;
        ports.onLetter(letter, `was replayed at ${new Date(atMs).toISOString()}`);
        continue;
      }
      const verdict = await judge(letter, requests, query, ports);
      if (verdict.isReplayable) replayable.push({ letter, record: verdict.record });
      else {
        report.skipped++;
        ports.onLetter(letter, `skipped: ${verdict.why}`);
      }
    }
    const replayed = query.isDryRun ? replayable : await replayAll(replayable, ports);
    report.replayed += replayed.length;
    for (const { letter } of replayed) ports.onLetter(letter, query.isDryRun ? 'would be replayed' : 'replayed');
  }
  return report;
}

interface Replayable {
  readonly letter: DeadLetter;
  readonly record: NewRecord;
}

async function replayAll(replayable: readonly Replayable[], ports: ReplayPorts): Promise<readonly Replayable[]> {
  if (replayable.length === 0) return [];
  const claims = await ports.replays.claim(
    replayable.map(({ letter }) => letter),
    ports.nowMs(),
  );
  const places = new Set(claims.map(placeKey));
  const mine = replayable.filter(({ letter }) => places.has(placeKey(letter)));
  try {
    await ports.append(mine.map(({ record }) => record));
  } catch (error) {
    await ports.replays.release(claims);
    throw error;
  }
  return mine;
}

async function judge(
  letter: DeadLetter,
  requests: ReadonlyMap<string, number>,
  query: ReplayQuery,
  ports: ReplayPorts,
) {
  const [id, tenantId] = [requestIdOf(letter), tenantIdOf(letter)];
  const isRequest = letter.topic === TOPICS.requests && id !== null && tenantId !== null;
  const counted = isRequest ? await ports.store.readCall(tenantId, id) : null;
  return judgeReplay(letter, {
    readRecord: ports.readRecord,
    nowMs: ports.nowMs(),
    joinTimeoutMs: query.joinTimeoutMs,
    dedupHorizonMs: query.dedupHorizonMs,
    hasRequest: (request, withinMs) => {
      const loggedAtMs = requests.get(requestKey(request));
      return loggedAtMs !== undefined && loggedAtMs >= reachesFromMs(withinMs, ports);
    },
    isCounted: () => counted !== null,
  });
}

/** Ids whose request has to be in the log. */
async function wantedIds(query: ReplayQuery, ports: ReplayPorts): Promise<ReadonlySet<string>> {
  const wanted = new Set<string>();
  for await (const letters of letterPages(query, ports)) {
    for (const letter of letters) {
      const id = letter.topic === TOPICS.requests ? null : requestIdOf(letter);
      if (id !== null) wanted.add(id);
      if (wanted.size >= WANTED_MAX) return wanted;
    }
  }
  return wanted;
}

/**
 * When the newest request of each of the ids was logged, by `requestKey`, where what is appended now could still meet
 * it.
 */
async function requestsNear(
  wanted: ReadonlySet<string>,
  { joinTimeoutMs }: ReplayQuery,
  ports: ReplayPorts,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const { log } = ports;
  if (wanted.size === 0) return found;
  const sinceMs = reachesFromMs(joinTimeoutMs, ports);
  const partitions = await log.partitionCount();
  const concerned = new Set(Array.from(wanted, (id) => partitionOf(id, partitions)));
  for (const { partition, end } of await log.bounds(TOPICS.requests)) {
    if (!concerned.has(partition)) continue;
    let from = await log.offsetAt(TOPICS.requests, partition, sinceMs);
    while (from < end) {
      const records = await log.readRange({ topic: TOPICS.requests, partition, from, to: end });
      const last = records.at(-1);
      if (last === undefined) break;
      for (const record of records) {
        const requestId = record.key === null ? '' : Buffer.from(record.key).toString('utf8');
        if (!wanted.has(requestId)) continue;
        for (const tenantId of [tenantIdOf(record), null]) {
          found.set(requestKey({ requestId, tenantId }), record.loggedAtMs);
        }
      }
      from = last.offset + 1;
    }
  }
  return found;
}

/** A request of a tenant, or of any where that is null. */
function requestKey({ requestId, tenantId }: { requestId: string; tenantId: string | null }): string {
  return `${tenantId ?? ''}\0${requestId}`;
}

function reachesFromMs(withinMs: number, { nowMs, aheadMs }: ReplayPorts): number {
  return nowMs() + aheadMs - withinMs * NEARNESS;
}

/** The part of the join timeout within which two events are sent; the rest is left for appending. */
const NEARNESS = 0.9;

async function* letterPages(query: ReplayQuery, { store }: ReplayPorts): AsyncGenerator<readonly DeadLetter[]> {
  let before: DeadLetterCursor | null = null;
  for (;;) {
    const letters: readonly DeadLetter[] = await store.readDeadLetters({ limit: PAGE_LETTERS, before });
    const matching = letters.filter((letter) => matches(letter, query));
    if (matching.length > 0) yield matching;
    const last = letters.at(-1);
    if (last === undefined || letters.length < PAGE_LETTERS) return;
    before = last;
  }
}

function matches(letter: DeadLetter, { reason, place }: ReplayQuery): boolean {
  return (reason === null || letter.reason === reason) && (place === null || placeKey(letter) === placeKey(place));
}
