import { isLitellmCacheHit } from './sdks/litellm.ts';
import type { SpanReader } from './span-reader.ts';

/** Whether a proxy or a client answered from its own cache, so that nothing was spent; null where nothing says so. */
export function readCacheHit(reader: SpanReader): boolean | null {
  return reader.flag('cacheHit') === true ? true : isLitellmCacheHit(reader);
}
