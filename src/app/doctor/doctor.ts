import type { SettingsOf } from '../../settings/settings-table.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkDataDirectory, isInUse } from './check-data-directory.ts';
import { checkLog } from './check-log.ts';
import { checkPorts } from './check-ports.ts';
import { checkPostgres } from './check-postgres.ts';
import { checkPrices } from './check-prices.ts';
import { checkRegistry } from './check-registry.ts';
import { checkRuntime } from './check-runtime.ts';
import { checkStore } from './check-store.ts';
import { checkTelemetry } from './check-telemetry.ts';
import { type Finding, findingsOf, note } from './finding.ts';

export type { Finding } from './finding.ts';

/** Looks at everything that `up` with these settings needs, and changes nothing of it. */
export async function examine(settings: SettingsOf<'doctor'>, nowMs: number): Promise<readonly Finding[]> {
  const isEmbedded = settings.kafkaBrokers === undefined || settings.postgresDsn === undefined;
  const inUse = isEmbedded && isInUse(settings);
  const parts = await Promise.all([
    findingsOf('runtime', async () => checkRuntime(nowMs)),
    findingsOf('data directory', async () => (isEmbedded ? checkDataDirectory(settings) : [])),
    findingsOf('certificates', async () => checkCertificates(settings, nowMs)),
    findingsOf('event log', () => checkLog(settings, nowMs)),
    findingsOf('postgres', () => checkPostgres(settings)),
    findingsOf('metrics store', () => checkStore(settings, nowMs)),
    findingsOf('prices', () => checkPrices(settings, nowMs)),
    findingsOf('schema registry', () => checkRegistry(settings)),
    findingsOf('OTLP', () => checkTelemetry(settings)),
    findingsOf('ports', () => checkPorts(settings)),
  ]);
  const running = inUse ? [note('data directory', `a StreamLens is running on ${settings.dataDir}`)] : [];
  return [...parts.flat(), ...running];
}
