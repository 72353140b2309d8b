import type { Attributes, OtlpResource } from './trace-export.ts';

/** What tells two processes apart. A tracer provider may add attributes of its own, so not all are compared. */
const PROCESS_KEYS = ['service.name', 'service.instance.id', 'host.name', 'process.pid'] as const;

/** The resource keys read here, to be kept by the decoder. */
export const RESOURCE_KEYS: readonly string[] = PROCESS_KEYS;

/** A decoded resource, with the key of its process made once for all its spans. */
export function resourceOf(attributes: Attributes): OtlpResource {
  const processKey = PROCESS_KEYS.map((key) => JSON.stringify(attributes.get(key)) ?? '').join('\n');
  return { attributes, processKey };
}
