import { existsSync } from 'node:fs';
import {
  type ReplayPorts,
  type ReplayQuery,
  type ReplayReport,
  replayDeadLetters,
} from '../../commands/dead-letters/replay.ts';
import type { EventLog, NewRecord } from '../../event-log/event-log.ts';
import { LogClock } from '../../event-log/sqlite/log-clock.ts';
import { createLogger } from '../../http/logger.ts';
import { parseRecord } from '../../metrics-processor/core/records/parse-record.ts';
import { type DeadLetterReplays, placeKey } from '../../metrics-store/dead-letter-replays.ts';
import type { DeadLetter } from '../../metrics-store/outbox.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { logPath, openLog } from '../open/open-log.ts';
import { EVENT_SCHEMAS, openSchemaRegistry } from '../open/open-schema-registry.ts';
import { openStore, storePath } from '../open/open-store.ts';
import { requireStore } from './recompute-prices.ts';

export type { DeadLetter, DeadLetterReason } from '../../metrics-store/outbox.ts';

export interface ListedLetter {
  readonly letter: DeadLetter;
  readonly replayedAtMs: number | null;
}

/** The newest dead letters. */
export async function listDeadLetters(
  settings: SettingsOf<'dead-letters'>,
  limit: number,
): Promise<readonly ListedLetter[]> {
  return withStore(settings, async ({ store, replays }) => {
    const letters = await store.readDeadLetters({ limit, before: null });
    const replayed = await replays.read(letters);
    return letters.map((letter) => ({ letter, replayedAtMs: replayed.get(placeKey(letter)) ?? null }));
  });
}

/** Appends dead letters again; other processes may go on working. */
export async function replay(
  settings: SettingsOf<'dead-letters'>,
  query: Omit<ReplayQuery, 'joinTimeoutMs' | 'dedupHorizonMs'>,
  onLetter: ReplayPorts['onLetter'],
): Promise<ReplayReport> {
  const { joinTimeoutMs, dedupHorizonMs } = settings;
  return withStore(settings, async (ports) => {
    const clock = new LogClock();
    const log = await openExistingLog(settings, clock);
    const isEmbedded = settings.kafkaBrokers === undefined;
    const append = (records: readonly NewRecord[]) =>
      isEmbedded ? appendFromOutside(log, clock, records) : log.append(records);
    const aheadMs = isEmbedded ? STAMP_AHEAD_MS : 0;
    try {
      const whole = { ...query, joinTimeoutMs, dedupHorizonMs };
      return await replayDeadLetters(whole, {
        ...ports,
        log,
        append,
        aheadMs,
        readRecord: parseRecord,
        nowMs: Date.now,
        onLetter,
      });
    } finally {
      await log.close();
    }
  });
}

async function openExistingLog(settings: SettingsOf<'dead-letters'>, clock: LogClock): Promise<EventLog> {
  if (settings.kafkaBrokers === undefined && !existsSync(logPath(settings))) {
    throw new SettingError(
      `There is no event log in STREAMLENS_DATA_DIR ${settings.dataDir}; name its directory, or KAFKA_BROKERS for Kafka`,
    );
  }
  const valuePrefixes = await openSchemaRegistry(settings, EVENT_SCHEMAS, createLogger('dead-letters', 'warn'));
  return openLog(settings, { clock: clock.shared, valuePrefixes });
}

/**
 * Appends to the embedded log beside a running `up`, whose reader and appender agree by memory that is not shared with
 * us (see `LogClock`): its reader may already have said that nothing comes before an instant which our stamp would
 * precede.
 *
 *     we take a stamp at 10:00:00.000       its reader finds the end and seals up to 10:00:00.005
 *     we commit at 10:00:00.010             a record stamped before the seal
 *
 * So we stamp ahead of the clock: as long as we commit before that instant comes, nobody has sealed it. Log time moves
 * ahead by as much, which changes no more than which records at the very edge of the timeout still join.
 */
async function appendFromOutside(log: EventLog, clock: LogClock, records: readonly NewRecord[]): Promise<void> {
  // Starts the thread that appends, which takes longer than appending.
  await log.checkHealth();
  const stampMs = Date.now() + STAMP_AHEAD_MS;
  clock.raiseTo(stampMs);
  await log.append(records);
  if (Date.now() > stampMs) {
    process.stderr.write('streamlens: appending took so long that some of these may not join their requests\n');
  }
}

const STAMP_AHEAD_MS = 2_000;

async function withStore<T>(
  settings: SettingsOf<'dead-letters'>,
  work: (ports: Pick<ReplayPorts, 'store' | 'replays'>) => Promise<T>,
): Promise<T> {
  requireStore(settings);
  const store = await openStore({ ...settings, migrate: false }, 'write');
  try {
    const replays = await openReplays(settings);
    try {
      return await work({ store, replays });
    } finally {
      await replays.close();
    }
  } finally {
    await store.close();
  }
}

async function openReplays(settings: SettingsOf<'dead-letters'>): Promise<DeadLetterReplays> {
  const { postgresDsn: dsn } = settings;
  if (dsn !== undefined) {
    const { openPostgresDeadLetterReplays } = await import(
      '../../metrics-store/postgres/postgres-dead-letter-replays.ts'
    );
    return openPostgresDeadLetterReplays({ dsn, poolMax: 1 });
  }
  const { openSqliteDeadLetterReplays } = await import('../../metrics-store/sqlite/sqlite-dead-letter-replays.ts');
  return openSqliteDeadLetterReplays({ path: storePath(settings) });
}
