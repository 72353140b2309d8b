import { createHash } from 'node:crypto';
import { listName, type PriceList } from '../../prices/price-list.ts';
import type { PriceOverride } from '../../prices/price-override.ts';
import { showDuration } from '../../settings/setting-kinds.ts';
import { SETTINGS, type SettingsOf } from '../../settings/settings-table.ts';
import { VERSION } from '../version.ts';

/** What has to be alike wherever calls of one store are counted, and forgotten. None of them is a secret. */
const DURATIONS = [
  'joinTimeoutMs',
  'dedupHorizonMs',
  'traceHorizonMs',
  'metricsRetentionMs',
  'callsRetentionMs',
  'deadLettersRetentionMs',
] as const;
const NUMBERS = ['pendingMax', 'pendingBytesMax', 'maxSeriesPerTenant', 'callsPerSecondMax'] as const;

const DIGEST_CHARACTERS = 12;

/** What a processor tells others of how it counts: settings by their names, prices by what is in their files. */
export function countingSettings(
  settings: SettingsOf<'up' | 'metrics-processor'>,
  { overrides, list }: { readonly overrides: readonly PriceOverride[]; readonly list: PriceList },
): Readonly<Record<string, string>> {
  const told: Record<string, string> = {};
  for (const name of DURATIONS) told[SETTINGS[name].env] = showDuration(settings[name]);
  for (const name of NUMBERS) told[SETTINGS[name].env] = String(settings[name]);
  return {
    ...told,
    CONSUMER_GROUP: settings.consumerGroup,
    PRICES_FILE: overrides.length === 0 ? 'none' : `${overrides.length} prices, ${digestOf(overrides)}`,
    PRICE_LIST_FILE: listName(list),
    version: VERSION,
  };
}

/** Of the prices and not of the text: where a price stands in its file changes nothing that is counted. */
function digestOf(overrides: readonly PriceOverride[]): string {
  const text = JSON.stringify(overrides, (key, value: unknown) => (key === 'source' ? undefined : value));
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
}
