import { existsSync } from 'node:fs';
import type { EventLog, OffsetBounds } from '../../event-log/event-log.ts';
import { INPUT_TOPICS, type InputTopic } from '../../events/topics.ts';
import { shardCountOf } from '../../metrics-processor/core/checkpoint/checkpoint.ts';
import type { Positions, Progress } from '../../metrics-store/commit.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { logPath, openLog } from '../open/open-log.ts';
import { openStore, storePath } from '../open/open-store.ts';
import { checkProcessors } from './check-processors.ts';
import { broken, type Finding, note, ok } from './finding.ts';

/** The metrics store: whether it answers, its schema, and how far it is. */
export async function checkStore(settings: SettingsOf<'doctor'>, nowMs: number): Promise<readonly Finding[]> {
  if (settings.postgresDsn === undefined && !existsSync(storePath(settings))) {
    return [note('metrics store', 'the embedded store is not there yet; the first start creates it')];
  }
  const store = await openStore({ ...settings, migrate: false }, 'read');
  try {
    await store.checkHealth();
    const where = settings.postgresDsn === undefined ? 'SQLite' : 'Postgres';
    return [
      ok('metrics store', `${where} answers and has this version's schema`),
      ...(await checkProgress(store, settings, nowMs)),
    ];
  } finally {
    await store.close();
  }
}

/** A running processor commits about once a second, also when nothing arrives. */
const COMMIT_AGE_S_MAX = 30;

/** Where one shard stands. */
export interface ShardState {
  readonly partition: number;
  /** How long ago it was committed. */
  readonly ageS: number;
  /** Events in the log that no commit holds; null where the log cannot be asked. */
  readonly unread: number | null;
  /** How long the oldest of these has been waiting. */
  readonly waitingS: number | null;
}

/** Compares what was committed with the end of the log: a processor that stopped, or one shard that stands still. */
export function checkShards(shards: readonly ShardState[]): Finding {
  const count = `${shards.length} partition${shards.length === 1 ? '' : 's'}`;
  const newestS = Math.min(...shards.map(({ ageS }) => ageS));
  const still = shards.filter(({ ageS }) => ageS > COMMIT_AGE_S_MAX);
  const unread = sum(shards.map((shard) => shard.unread));
  if (still.length === 0) {
    const last = `${count}; the last commit was ${newestS} s ago`;
    return ok('processor', unread ? `${last}, ${unread} events are still to be read${waiting(shards)}` : last);
  }
  const isAll = still.length === shards.length;
  const which = isAll ? '' : ` of partition ${still.map(({ partition }) => partition).join(', ')}`;
  const stopped = isAll
    ? `${count}; the last commit was ${newestS} s ago: no processor is running, or it cannot commit`
    : `${count}; the last commit${which} was ${Math.max(...still.map(({ ageS }) => ageS))} s ago, of others ${newestS} s: whoever owns it stands still`;
  const left = sum(still.map((shard) => shard.unread));
  if (left === null) return note('processor', `${stopped}; start one, or read its log`);
  if (left === 0) return note('processor', `${stopped}. Every event${which === '' ? '' : ' there'} is counted`);
  return broken(
    'processor',
    `${stopped}, and ${left} events wait in the log${waiting(still)}; start one, or read its log`,
  );
}

function waiting(shards: readonly ShardState[]): string {
  const longestS = Math.max(0, ...shards.map(({ waitingS }) => waitingS ?? 0));
  return longestS === 0 ? '' : `, the oldest for ${longestS} s`;
}

function sum(counts: readonly (number | null)[]): number | null {
  return counts.includes(null) ? null : counts.reduce<number>((total, count) => total + (count ?? 0), 0);
}

/** Each shard's positions against the ends of its partitions in the log. */
async function shardStates(
  settings: SettingsOf<'doctor'>,
  progress: ReadonlyMap<number, Progress>,
  nowMs: number,
): Promise<readonly ShardState[]> {
  const ages = Array.from(progress, ([partition, { committedAtMs }]) => ({
    partition,
    ageS: Math.max(0, Math.round((nowMs - committedAtMs) / 1000)),
    unread: null,
    waitingS: null,
  }));
  if (settings.kafkaBrokers === undefined && !existsSync(logPath(settings))) return ages;
  try {
    const log = await openLog(settings);
    try {
      const bounds = new Map<InputTopic, readonly OffsetBounds[]>();
      for (const topic of INPUT_TOPICS) bounds.set(topic, await log.bounds(topic));
      const shardCount = shardCountIn(progress);
      const states: ShardState[] = [];
      for (const shard of ages) {
        const positions = progress.get(shard.partition)?.positions;
        if (positions === undefined) continue;
        const place = { shard: shard.partition, shardCount, positions };
        states.push({ ...shard, ...(await unreadOf({ log, bounds }, place, nowMs)) });
      }
      return states;
    } finally {
      await log.close();
    }
  } catch {
    // The log has a finding of its own.
    return ages;
  }
}

/** That never changes once something was committed; a shard that read nothing yet has no row. */
function shardCountIn(progress: ReadonlyMap<number, Progress>): number {
  const checkpoint = Array.from(progress.values(), (each) => each.checkpoint).find(({ length }) => length > 0);
  return checkpoint === undefined ? progress.size : shardCountOf(checkpoint);
}

interface ShardPlace {
  readonly shard: number;
  readonly shardCount: number;
  readonly positions: Positions;
}

interface BoundedLog {
  readonly log: EventLog;
  /** Asked once for all shards. */
  readonly bounds: ReadonlyMap<InputTopic, readonly OffsetBounds[]>;
}

async function unreadOf(
  { log, bounds }: BoundedLog,
  { shard, shardCount, positions }: ShardPlace,
  nowMs: number,
): Promise<Pick<ShardState, 'unread' | 'waitingS'>> {
  let unread = 0;
  let oldestMs = nowMs;
  for (const [topic, partitions] of bounds) {
    for (const { partition, start, end } of partitions) {
      // Partitions that came later belong to the shard of the same number modulo the first count.
      if (partition % shardCount !== shard) continue;
      const lane = partition === shard ? topic : (`${topic}/${partition}` as const);
      const position = Math.max(start, positions[lane] ?? start);
      if (position >= end) continue;
      unread += end - position;
      const [first] = await log.readRange({ topic, partition, from: position, to: position + 1 });
      if (first !== undefined) oldestMs = Math.min(oldestMs, first.loggedAtMs);
    }
  }
  return { unread, waitingS: unread === 0 ? null : Math.round((nowMs - oldestMs) / 1000) };
}

async function checkProgress(
  store: MetricsStore,
  settings: SettingsOf<'doctor'>,
  nowMs: number,
): Promise<readonly Finding[]> {
  const progress = await store.readProgress();
  const [letter] = await store.readDeadLetters({ limit: 1, before: null });
  const findings: Finding[] = [];
  if (progress.size > 0) findings.push(checkShards(await shardStates(settings, progress, nowMs)));
  else findings.push(note('processor', 'nothing was processed yet'));
  // On the embedded store there is one, and those that were killed before it.
  if (settings.postgresDsn !== undefined) findings.push(...checkProcessors(await store.readProcessors(), nowMs));
  if (letter !== undefined) {
    const when = new Date(letter.loggedAtMs).toISOString();
    const text = `the newest came at ${when} (${letter.reason}); "streamlens dead-letters list" shows them`;
    findings.push(note('dead letters', text));
  }
  return findings;
}
