import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { LogDatabase } from '../../event-log/sqlite/log-database.ts';
import { restampCheckpoint } from '../../metrics-processor/core/checkpoint/checkpoint.ts';
import { NO_EFFECTS } from '../../metrics-store/commit.ts';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { takeDataDirectory } from '../open/data-directory.ts';
import { logPath } from '../open/open-log.ts';
import { openStore } from '../open/open-store.ts';

export interface RestampReport {
  /** How far the newest stamp was ahead of the clock; 0 where nothing had to be done. */
  readonly aheadMs: number;
  /** Runs of records that got other stamps, or would get them. */
  readonly blocks: number;
}

/** A clock that stands before this is lost itself, and no log is stamped by it. */
const LOST_BEFORE_MS = Date.UTC(2025, 0, 1);

/**
 * Gives the records of an embedded log that were stamped ahead of the clock the stamps that a right clock would have
 * given them: the newest gets the present, the others keep their distance to it, and none comes before the last right
 * one. What the processor remembers in log time moves with them. Counts do not change.
 *
 * The log first: where only that is done, the command can be run again, since the store then is what lies ahead.
 *
 * @throws {SettingError} while a StreamLens runs on the directory, or where there is no log
 */
export async function restampLog(settings: SettingsOf<'log'>, { dryRun }: { dryRun: boolean }): Promise<RestampReport> {
  const path = logPath(settings);
  if (!existsSync(path)) {
    throw new SettingError(`There is no event log in ${settings.dataDir}; name its directory with --data-dir`);
  }
  const nowMs = Date.now();
  if (nowMs < LOST_BEFORE_MS) {
    throw new SettingError(`It is ${new Date(nowMs).toISOString()} by this machine's clock; set it right first`);
  }
  const release = takeDataDirectory(settings.dataDir);
  try {
    const store = await openStore({ ...settings, migrate: false }, 'write');
    const log = new LogDatabase(path);
    try {
      return await restamp({ log, store }, nowMs, dryRun);
    } finally {
      log.close();
      await store.close();
    }
  } finally {
    release();
  }
}

interface Stamped {
  readonly log: LogDatabase;
  readonly store: MetricsStore;
}

async function restamp({ log, store }: Stamped, nowMs: number, dryRun: boolean): Promise<RestampReport> {
  const progress = await store.readProgress();
  const completeMs = [...progress.values()].map(({ completeThroughMs }) => completeThroughMs);
  const aheadMs = Math.max(0, log.lastStampMs() - nowMs, ...completeMs.map((atMs) => atMs - nowMs));
  if (aheadMs === 0) return { aheadMs, blocks: 0 };
  const lastRightMs = log.newestStampUntil(nowMs);
  const stamp = (atMs: number) => (atMs <= nowMs ? atMs : Math.max(lastRightMs, atMs - aheadMs));
  if (dryRun) return { aheadMs, blocks: log.countStampedAfter(nowMs) };
  const blocks = log.restamp(nowMs, stamp);
  await store.commit(
    [...progress].map(([partition, { seq, positions, completeThroughMs, committedAtMs, checkpoint }]) => ({
      partition,
      expectedSeq: seq,
      token: randomUUID(),
      positions,
      completeThroughMs: stamp(completeThroughMs),
      committedAtMs: Math.min(nowMs, committedAtMs),
      checkpoint: checkpoint.length === 0 ? null : restampCheckpoint(checkpoint, stamp),
      ...NO_EFFECTS,
    })),
  );
  return { aheadMs, blocks };
}
