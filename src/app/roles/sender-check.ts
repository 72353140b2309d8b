import type { KeyCheck } from '../../api-keys/key-check.ts';
import { TrustedProxies } from '../../http/client-address.ts';
import type { Logger } from '../../http/logger.ts';
import { Problem } from '../../http/problem.ts';
import { addressedSenders, anybody, apiKeySenders, type SenderCheck } from '../../ingestion-api/authenticate.ts';
import type { IngestionMetrics } from '../../ingestion-api/ingestion-metrics.ts';
import { RateLimit } from '../../ingestion-api/rate-limit.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

/** Who may send, and how much, as the settings say; refusals are counted. */
export function senderCheck(
  settings: SettingsOf<'up' | 'ingestion-api'>,
  checkKey: KeyCheck | null,
  { metrics, logger }: { metrics: IngestionMetrics; logger: Logger },
): SenderCheck {
  const { rateLimit } = settings;
  const limit = Number.isFinite(rateLimit) ? new RateLimit(rateLimit, () => performance.now()) : null;
  const check = checkOf(checkKey, limit);
  if (check === anybody) return anybody;
  const proxies = new TrustedProxies(settings.trustedProxies ?? []);
  return async ({ headers, address }) => {
    try {
      return await check({ headers, address: proxies.clientAddress(address, headers['x-forwarded-for']) });
    } catch (error) {
      if (error instanceof Problem) {
        metrics.rejected(error.status === 429 ? 'rate_limited' : 'unauthorized', 1);
        logger.debug({ status: error.status, address, reason: error.message }, 'Refused a sender');
      }
      throw error;
    }
  };
}

function checkOf(checkKey: KeyCheck | null, limit: RateLimit | null): SenderCheck {
  if (checkKey !== null) return apiKeySenders(checkKey, limit);
  return limit === null ? anybody : addressedSenders(limit);
}
