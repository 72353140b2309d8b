import type { CallerCheck } from '../../api-keys/key-check.ts';
import { TrustedProxies } from '../../http/client-address.ts';
import type { Logger } from '../../http/logger.ts';
import { Problem } from '../../http/problem.ts';
import { addressedSenders, anybody, apiKeySenders, type SenderCheck } from '../../ingestion-api/authenticate.ts';
import type { IngestionMetrics } from '../../ingestion-api/ingestion-metrics.ts';
import { limitsOf, type SenderLimits } from '../../ingestion-api/sender-limits.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

export interface SenderCheckPorts {
  readonly limits: SenderLimits;
  readonly metrics: IngestionMetrics;
  readonly logger: Logger;
}

/** Who may send, and how much, as the settings say; refusals are counted. */
export function senderCheck(
  settings: Pick<SettingsOf<'up' | 'ingestion-api'>, 'trustedProxies'>,
  checkCaller: CallerCheck | null,
  { limits, metrics, logger }: SenderCheckPorts,
): SenderCheck {
  const check = checkOf(checkCaller, limits);
  if (check === anybody) return anybody;
  const proxies = new TrustedProxies(settings.trustedProxies ?? []);
  return async ({ headers, address, ...what }) => {
    try {
      return await check({ ...what, headers, address: proxies.clientAddress(address, headers['x-forwarded-for']) });
    } catch (error) {
      if (error instanceof Problem) {
        metrics.rejected(error.status === 429 ? 'rate_limited' : 'unauthorized', 1);
        logger.debug({ status: error.status, address, reason: error.message }, 'Refused a sender');
      }
      throw error;
    }
  };
}

function checkOf(checkCaller: CallerCheck | null, limits: SenderLimits): SenderCheck {
  if (checkCaller !== null) return apiKeySenders(checkCaller, limits);
  return limitsOf(limits).length === 0 ? anybody : addressedSenders(limits);
}
