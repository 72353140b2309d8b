import { KeyTable, type KeyUse } from '../decode/key-table.ts';
import { RESOURCE_KEYS } from '../decode/process-key.ts';
import { METADATA_KEYS } from '../to-events/call-metadata.ts';
import { type AttributeNames, DIMENSION_KEYS, METADATA_PREFIXES } from '../to-events/tenant-and-route.ts';
import { CLASSIFYING_KEYS } from './is-call.ts';
import { isLitellmRawKey } from './litellm-raw.ts';
import { mappedKeys } from './mapping.ts';

/** Texts that may be long (prompts and answers) and of which a single fact is read, if nothing else told it. */
const LATE_KEYS: ReadonlySet<string> = new Set([
  'gen_ai.output.messages',
  'input.value',
  'output.value',
  'request_data',
  'hidden_params',
]);

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
    'ai.usage.inputTokenDetails.noCacheTokens',
    'langfuse.observation.level',
  ]);
  const useOf = (key: string): KeyUse => {
    if (LATE_KEYS.has(key)) return 'late';
    if (known.has(key) || METADATA_PREFIXES.some((prefix) => key.startsWith(prefix))) return 'keep';
    return isLitellmRawKey(key) ? 'keep' : 'drop';
  };
  return new KeyTable(useOf, known);
}

/** Keeps everything, so that an explanation can list what was not read. */
export function createFullKeyTable(): KeyTable {
  return new KeyTable((key) => (LATE_KEYS.has(key) ? 'late' : 'keep'), []);
}
