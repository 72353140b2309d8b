import { KeyTable, type KeyUse } from '../decode/key-table.ts';
import { RESOURCE_KEYS } from '../decode/process-key.ts';
import { METADATA_KEYS } from '../to-events/call-metadata.ts';
import { type AttributeNames, DIMENSION_KEYS, METADATA_PREFIXES } from '../to-events/tenant-and-route.ts';
import { isUsageKey } from '../usage/read-usage.ts';
import { CLASSIFYING_KEYS, LATE_KEYS } from './dialects.ts';
import { FAILURE_KEYS } from './failure.ts';
import { isAboutKey, LOG_KEYS } from './logs/log-dialects.ts';
import { mappedKeys } from './mapping.ts';
import { isLitellmRawKey } from './sdks/litellm.ts';

/** Read for one fact, if nothing else told it; they may be a whole prompt or answer. */
const LATE: ReadonlySet<string> = new Set(['input.value', 'output.value', 'mlflow.spanInputs', ...LATE_KEYS]);

/**
 * The keys that the decoder materialises: those of the mapping table, of the rules that count, of tenants and
 * routes, and what the application attached itself. Prompts, answers and stack traces are not among them.
 */
export function createKeyTable(names: AttributeNames): KeyTable {
  const known = new Set([
    ...mappedKeys(),
    ...CLASSIFYING_KEYS,
    ...DIMENSION_KEYS,
    ...METADATA_KEYS,
    ...RESOURCE_KEYS,
    ...names.tenant,
    ...names.route,
    ...FAILURE_KEYS,
    ...LOG_KEYS,
  ]);
  const useOf = (key: string): KeyUse => {
    if (LATE.has(key)) return 'late';
    if (known.has(key) || METADATA_PREFIXES.some((prefix) => key.startsWith(prefix))) return 'keep';
    return isUsageKey(key) || isLitellmRawKey(key) || isAboutKey(key) ? 'keep' : 'drop';
  };
  return new KeyTable(useOf, known);
}

/** Keeps everything, so that an explanation can list what was not read. */
export function createFullKeyTable(): KeyTable {
  return new KeyTable((key) => (LATE.has(key) ? 'late' : 'keep'), []);
}
