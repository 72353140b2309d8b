import { AttributeList } from './attribute-list.ts';
import type { Attributes, AttributeValue, OtlpResource } from './trace-export.ts';

/** What tells two processes apart. A tracer provider may add attributes of its own, so not all are compared. */
const PROCESS_KEYS = ['service.name', 'service.instance.id', 'host.name', 'process.pid'] as const;

/** The resource keys read here, to be kept by the decoder. */
export const RESOURCE_KEYS: readonly string[] = PROCESS_KEYS;

/** A decoded resource, with the key of its process made once for all its spans. */
export function resourceOf(attributes: Attributes): OtlpResource {
  const processKey = PROCESS_KEYS.map((key) => partOf(attributes.get(key))).join('\n');
  const isOneProcess =
    attributes.has('service.instance.id') || (attributes.has('host.name') && attributes.has('process.pid'));
  return { attributes, processKey, isOneProcess };
}

/**
 * The resource as the spans of one scope see it. What is said of a scope, such as whose calls it makes, is nearer to
 * them than what is said of the process; nearly no scope has attributes that anybody reads.
 */
export function resourceOfScope(resource: OtlpResource, scope: AttributeList): OtlpResource {
  if (scope.size === 0) return resource;
  const { attributes: around } = resource;
  const attributes = AttributeList.of(around.keys.map((key, i) => [key, around.values[i] ?? null]));
  for (const [i, key] of scope.keys.entries()) attributes.set(key, scope.values[i] ?? null);
  return { ...resource, attributes };
}

/** The key is kept for each remembered call, so no sender may make it long. */
const PART_CHARS_MAX = 255;

function partOf(value: AttributeValue | undefined): string {
  const isScalar = typeof value === 'string' || typeof value === 'number';
  return isScalar ? String(value).slice(0, PART_CHARS_MAX) : '';
}
