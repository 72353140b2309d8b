import type { SettingsOf } from '../../settings/settings-table.ts';
import { checkDataDirectory, isInUse } from './check-data-directory.ts';
import { checkLog } from './check-log.ts';
import { checkPorts } from './check-ports.ts';
import { checkPrices } from './check-prices.ts';
import { checkRuntime } from './check-runtime.ts';
import { checkStore } from './check-store.ts';
import { type Finding, findingsOf, note } from './finding.ts';

export type { Finding } from './finding.ts';

/** Looks at everything that `up` with these settings needs, and changes nothing of it. */
export async function examine(settings: SettingsOf<'doctor'>, nowMs: number): Promise<readonly Finding[]> {
  const isEmbedded = settings.kafkaBrokers === undefined || settings.postgresDsn === undefined;
  const inUse = isEmbedded && isInUse(settings);
  const parts = await Promise.all([
    findingsOf('runtime', async () => checkRuntime(nowMs)),
    findingsOf('data directory', async () => (isEmbedded ? checkDataDirectory(settings) : [])),
    findingsOf('event log', () => checkLog(settings, nowMs)),
    findingsOf('metrics store', () => checkStore(settings, nowMs)),
    findingsOf('prices', () => checkPrices(settings)),
    findingsOf('ports', () => checkPorts(settings)),
  ]);
  const running = inUse ? [note('data directory', `a StreamLens is running on ${settings.dataDir}`)] : [];
  return [...parts.flat(), ...running];
}
