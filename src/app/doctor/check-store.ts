import { existsSync } from 'node:fs';
import type { MetricsStore } from '../../metrics-store/metrics-store.ts';
import type { Settings } from '../../settings/settings-table.ts';
import { openStore, storePath } from '../open/open-store.ts';
import { type Finding, note, ok } from './finding.ts';

/** The metrics store: whether it answers, its schema, and how far it is. */
export async function checkStore(settings: Settings, nowMs: number): Promise<readonly Finding[]> {
  if (settings.postgresDsn === undefined && !existsSync(storePath(settings))) {
    return [note('metrics store', 'the embedded store is not there yet; the first start creates it')];
  }
  const store = await openStore({ ...settings, migrate: false }, 'read');
  try {
    await store.checkHealth();
    const where = settings.postgresDsn === undefined ? 'SQLite' : 'Postgres';
    return [
      ok('metrics store', `${where} answers and has this version's schema`),
      ...(await checkProgress(store, nowMs)),
    ];
  } finally {
    await store.close();
  }
}

async function checkProgress(store: MetricsStore, nowMs: number): Promise<readonly Finding[]> {
  const progress = [...(await store.readProgress()).values()];
  const [letter] = await store.readDeadLetters({ limit: 1, before: null });
  const findings: Finding[] = [];
  if (progress.length > 0) {
    const newestMs = Math.max(...progress.map(({ committedAtMs }) => committedAtMs));
    const ageS = Math.max(0, Math.round((nowMs - newestMs) / 1000));
    findings.push(ok('processor', `${progress.length} partitions; the last commit was ${ageS} s ago`));
  } else findings.push(note('processor', 'nothing was processed yet'));
  if (letter !== undefined) {
    const when = new Date(letter.loggedAtMs).toISOString();
    const text = `the newest came at ${when} (${letter.reason}); "streamlens dead-letters list" shows them`;
    findings.push(note('dead letters', text));
  }
  return findings;
}
