import { isLitellmCacheHit } from './sdks/litellm.ts';
import type { SpanReader } from './span-reader.ts';

/** Whether a proxy or a client answered from a cache of its own, so that nothing was spent. Null where nothing says so. */
export function readCacheHit(reader: SpanReader): boolean | null {
  return reader.flag('cacheHit') === true ? true : isLitellmCacheHit(reader);
}
