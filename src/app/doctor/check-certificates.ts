import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { broken, type Finding, note, ok } from './finding.ts';

const DAY_MS = 86_400_000;
/** Time to renew it without haste. */
const DAYS_COMFORTABLE = 30;

/** The certificates that the settings name: whether they can be read, and for how long they are good. */
export function checkCertificates(settings: SettingsOf<'doctor'>, nowMs: number): readonly Finding[] {
  const files = [
    ['KAFKA_TLS_CA', settings.kafkaTls ? settings.kafkaTlsCa : undefined],
    ['KAFKA_TLS_CERT', settings.kafkaTls ? settings.kafkaTlsCert : undefined],
    ['TLS_CERT', settings.tlsCert],
  ] as const;
  return files.flatMap(([name, path]) => {
    if (path === undefined) return [];
    try {
      return [checkExpiry(name, new X509Certificate(readFileSync(path)).validTo, nowMs)];
    } catch (error) {
      return [broken(name, `${path} must be a certificate in PEM that can be read; got ${(error as Error).message}`)];
    }
  });
}

/** @param expiresAt as certificates write it: `Jan 10 12:00:00 2027 GMT` */
export function checkExpiry(what: string, expiresAt: string, nowMs: number): Finding {
  const days = Math.floor((Date.parse(expiresAt) - nowMs) / DAY_MS);
  const end = new Date(expiresAt).toISOString().slice(0, 10);
  if (days < 0) return broken(what, `it ended on ${end}; renew it`);
  const text = `it is good until ${end}, for ${days} days`;
  return days < DAYS_COMFORTABLE ? note(what, `${text}; renew it soon`) : ok(what, text);
}
