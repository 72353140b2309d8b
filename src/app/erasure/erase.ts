import { existsSync } from 'node:fs';
import { LogDatabase } from '../../event-log/sqlite/log-database.ts';
import { TOPICS, type Topic } from '../../events/topics.ts';
import type { ErasedRows, Erasure, ErasureSubject, NamesSubject } from '../../metrics-store/erasure.ts';
import { SettingError } from '../../settings/read-settings.ts';
import { showDuration } from '../../settings/setting-kinds.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { logPath } from '../open/open-log.ts';
import { storePath } from '../open/open-store.ts';
import { requireStore } from '../tasks/recompute-prices.ts';
import { type ErasureJudge, erasureJudge } from './erasure-judge.ts';

export interface ErasureReport {
  readonly rows: ErasedRows;
  /** Records of the embedded log that were emptied or made nobody's, by topic; null where the log is Kafka. */
  readonly records: Readonly<Record<string, number>> | null;
}

/** Hears how many of how many records of the log were looked at. */
export type RecordWatch = (done: number, total: number) => void;

/**
 * Deletes what is stored of a tenant or a user, or only counts it. Other processes may go on meanwhile.
 *
 * In the embedded log the records themselves are emptied: first all that are there, then, while nobody can append or
 * commit, what came meanwhile. Every shard then begins again from that log, so no memory of a processor, no restart and
 * no rebuilt store brings anything back.
 *
 * @throws {SettingError} where there is no store, or the tenant's calls in Kafka may still be open
 */
export async function erase(
  settings: SettingsOf<'delete'>,
  subject: ErasureSubject,
  { isDryRun, watch }: { readonly isDryRun: boolean; readonly watch: RecordWatch },
): Promise<ErasureReport> {
  requireStore(settings);
  const store = await openErasure(settings);
  try {
    if (settings.kafkaBrokers !== undefined) {
      if (!isDryRun) await refuseWhileOpen(store, subject, settings.joinTimeoutMs);
      const names = namesBy(erasureJudge(subject));
      const rows = isDryRun ? await store.count(subject, names) : await store.erase(subject, names, () => undefined);
      return { rows, records: null };
    }
    if (!existsSync(logPath(settings))) {
      throw new SettingError(`There is no event log in ${settings.dataDir}; name its directory with --data-dir`);
    }
    const log = new LogDatabase(logPath(settings));
    try {
      return await eraseBoth({ store, log }, subject, { isDryRun, watch });
    } finally {
      log.close();
    }
  } finally {
    await store.close();
  }
}

async function openErasure(settings: SettingsOf<'delete'>): Promise<Erasure> {
  if (settings.postgresDsn !== undefined) {
    const { openPostgresErasure } = await import('../../metrics-store/postgres/postgres-erasure.ts');
    return openPostgresErasure({ dsn: settings.postgresDsn });
  }
  const { openSqliteErasure } = await import('../../metrics-store/sqlite/sqlite-erasure.ts');
  return openSqliteErasure({ path: storePath(settings) });
}

/** Kafka keeps its records, so a call that is open would be read back from there and end among rows that are gone. */
async function refuseWhileOpen(store: Erasure, subject: ErasureSubject, joinTimeoutMs: number): Promise<void> {
  if (subject.kind === 'user') return;
  const changedMs = await store.lastChangeMs(subject.tenantId);
  const waitMs = changedMs === null ? 0 : changedMs + joinTimeoutMs - Date.now();
  if (waitMs <= 0) return;
  throw new SettingError(
    `Calls of ${subject.tenantId} changed within JOIN_TIMEOUT (${showDuration(joinTimeoutMs)}) and may be open; stop its senders, or revoke its keys, and try again in ${Math.ceil(waitMs / 60_000)} minutes`,
  );
}

interface Both {
  readonly store: Erasure;
  readonly log: LogDatabase;
}

async function eraseBoth(
  { store, log }: Both,
  subject: ErasureSubject,
  { isDryRun, watch }: { readonly isDryRun: boolean; readonly watch: RecordWatch },
): Promise<ErasureReport> {
  const judge = erasureJudge(subject);
  const names = namesBy(judge);
  const records: Record<string, number> = {};
  const ends = endsOf(log);
  const passes = [...judge.lessons.map(({ topic }) => topic), ...ends.keys()];
  const total = passes.map((topic) => rangeOf(ends, topic)).reduce((sum, { from, to }) => sum + to - from, 0);
  let done = 0;
  const looked = (count: number): void => watch((done += count), total);
  learn(log, judge, ends, looked);
  const mode = isDryRun ? 'count' : 'pages';
  for (const [topic, range] of ends) {
    records[topic] = log.rewrite(topic, range, (record) => judge.judge(topic, record), { mode, looked });
  }
  if (isDryRun) return { rows: await store.count(subject, names), records };
  const rows = await store.erase(subject, names, () =>
    log.hold(() => {
      const tail = new Map(
        Array.from(endsOf(log), ([topic, { to }]) => [topic, { from: rangeOf(ends, topic).to, to }]),
      );
      learn(log, judge, tail, () => undefined);
      for (const [topic, range] of tail) {
        const change = log.rewrite(topic, range, (record) => judge.judge(topic, record), {
          mode: 'held',
          looked: () => undefined,
        });
        records[topic] = (records[topic] ?? 0) + change;
      }
    }),
  );
  log.truncateWal();
  return { rows, records };
}

/** Offsets, without `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

type Ranges = ReadonlyMap<Topic, Range>;

function endsOf(log: LogDatabase): Ranges {
  return new Map(
    Object.values(TOPICS).map((topic) => [topic, { from: log.startOffset(topic), to: log.endOffset(topic) }]),
  );
}

const rangeOf = (ranges: Ranges, topic: Topic): Range => ranges.get(topic) ?? { from: 0, to: 0 };

function learn(log: LogDatabase, { lessons }: ErasureJudge, ranges: Ranges, looked: (count: number) => void): void {
  for (const lesson of lessons) {
    const { from, to } = rangeOf(ranges, lesson.topic);
    for (let next = from; next < to; ) {
      const page = log.read(lesson.topic, { from: next, to }, PAGE_BYTES_MAX);
      if (page.length === 0) break;
      for (const record of page) lesson.learn(record);
      next = (page.at(-1)?.offset ?? to) + 1;
      looked(page.length);
    }
  }
}

const PAGE_BYTES_MAX = 4 * 1024 * 1024;

function namesBy(judge: ErasureJudge): NamesSubject {
  return ({ topic, value }) => {
    const known = Object.values(TOPICS).find((each) => each === topic);
    return known !== undefined && judge.judge(known, { key: null, value, senderTenant: null }) !== 'keep';
  };
}
