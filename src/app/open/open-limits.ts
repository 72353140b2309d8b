import type { Logger } from '../../http/logger.ts';
import { RateLimit, type RatePolicy } from '../../ingestion-api/rate-limit.ts';
import { limitsOf, type SenderLimits } from '../../ingestion-api/sender-limits.ts';
import { shareLimits } from '../../ingestion-api/share-limits.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { postgresLogin } from './postgres-login.ts';

export interface OpenLimits {
  readonly limits: SenderLimits;
  close(): Promise<void>;
}

/**
 * The limits that the settings name. Where API keys are in Postgres, so is what their holders owe, and all processes on
 * it limit together.
 */
export async function openLimits(settings: SettingsOf<'up' | 'ingestion-api'>, logger: Logger): Promise<OpenLimits> {
  const { apiKeys, postgresDsn } = settings;
  const isKeyed = apiKeys === 'required';
  const isShared = isKeyed && postgresDsn !== undefined;
  const limitOf = (name: string, unit: RatePolicy['unit'], perSecond: number): RateLimit | null =>
    Number.isFinite(perSecond) ? new RateLimit({ name, unit, perSecond }, () => performance.now(), isShared) : null;
  const limits = {
    events: limitOf('events', 'events', settings.rateLimit),
    bytes: limitOf('bytes', 'bytes', settings.rateLimitBytes),
    tenantEvents: isKeyed ? limitOf('tenant-events', 'events', settings.tenantRateLimit) : null,
    tenantBytes: isKeyed ? limitOf('tenant-bytes', 'bytes', settings.tenantRateLimitBytes) : null,
  };
  if (!isShared || limitsOf(limits).length === 0) return { limits, close: async () => undefined };
  const { openPostgresDebts } = await import('../../metrics-store/postgres/postgres-debts.ts');
  const debts = await openPostgresDebts({ ...postgresLogin(postgresDsn, settings), poolMax: 1 });
  const onError = ({ message }: Error): void => {
    logger.debug({ reason: message }, 'Limits are not shared now; this process limits by itself');
  };
  const stop = shareLimits(limitsOf(limits), debts, onError);
  return {
    limits,
    async close(): Promise<void> {
      await stop();
      await debts.close();
    },
  };
}
