import { existsSync } from 'node:fs';
import { INPUT_TOPICS, type InputTopic } from '../../events/topics.ts';
import type { Positions, Progress } from '../../metrics-store/commit.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { logPath, openLog } from '../open/open-log.ts';
import { openStore, storePath } from '../open/open-store.ts';
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

/** @param unread events in the log that no commit holds; null where the log cannot be asked */
export function checkAge(partitions: number, ageS: number, unread: number | null): Finding {
  const count = `${partitions} partition${partitions === 1 ? '' : 's'}; the last commit was ${ageS} s ago`;
  if (ageS <= COMMIT_AGE_S_MAX)
    return ok('processor', unread ? `${count}, ${unread} events are still to be read` : count);
  const stopped = `${count}: no processor is running, or it cannot commit`;
  if (unread === null) return note('processor', `${stopped}; start one, or read its log`);
  if (unread === 0) return note('processor', `${stopped}. Every event is counted`);
  return broken('processor', `${stopped}, and ${unread} events wait in the log; start one, or read its log`);
}

async function unreadCount(settings: SettingsOf<'doctor'>, progress: readonly Progress[]): Promise<number | null> {
  const isThere = settings.kafkaBrokers !== undefined || existsSync(logPath(settings));
  if (!isThere) return null;
  try {
    const log = await openLog(settings);
    try {
      let unread = 0;
      for (const topic of INPUT_TOPICS) {
        for (const { end } of await log.bounds(topic)) unread += end;
        for (const { positions } of progress) unread -= readOf(positions, topic);
      }
      return Math.max(0, unread);
    } finally {
      await log.close();
    }
  } catch {
    // The log has a finding of its own.
    return null;
  }
}

/** Offsets read of a topic by one shard: in its first partition, and in those that came later. */
function readOf(positions: Positions, topic: InputTopic): number {
  return Object.entries(positions).reduce(
    (sum, [key, offset]) => (key === topic || key.startsWith(`${topic}/`) ? sum + offset : sum),
    0,
  );
}

async function checkProgress(
  store: MetricsStore,
  settings: SettingsOf<'doctor'>,
  nowMs: number,
): Promise<readonly Finding[]> {
  const progress = [...(await store.readProgress()).values()];
  const [letter] = await store.readDeadLetters({ limit: 1, before: null });
  const findings: Finding[] = [];
  if (progress.length > 0) {
    const newestMs = Math.max(...progress.map(({ committedAtMs }) => committedAtMs));
    const ageS = Math.max(0, Math.round((nowMs - newestMs) / 1000));
    findings.push(checkAge(progress.length, ageS, await unreadCount(settings, progress)));
  } else findings.push(note('processor', 'nothing was processed yet'));
  if (letter !== undefined) {
    const when = new Date(letter.loggedAtMs).toISOString();
    const text = `the newest came at ${when} (${letter.reason}); "streamlens dead-letters list" shows them`;
    findings.push(note('dead letters', text));
  }
  return findings;
}
