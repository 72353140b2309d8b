import type { Logger } from '../../http/logger.ts';
import { retry } from '../../metrics-processor/retry.ts';
import { SYSTEM_RUNTIME } from '../system-runtime.ts';

/** Services that start together become reachable in any order. */
const PATIENCE_MS = 60_000;

/**
 * Opens what may not be reachable yet, for up to a minute.
 *
 * @throws the last error after that, or at once one that waiting does not help (rights, credentials, schema)
 */
export function patiently<T>(what: string, logger: Pick<Logger, 'warn'>, open: () => Promise<T>): Promise<T> {
  return retry(open, {
    runtime: SYSTEM_RUNTIME,
    signal: AbortSignal.timeout(PATIENCE_MS),
    onRetry: (error, { waitMs }) => logger.warn({ waitMs, reason: error.message }, `Waiting for ${what}`),
  });
}
