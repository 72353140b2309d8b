import { DIMENSION_VALUE_CHARS_MAX, dimensionSource, metadataText } from '../../events/metric-dimension.ts';
import type { Call } from '../../metrics-store/call.ts';
import { NONE, OVERFLOW } from '../../tally/series.ts';

/** What a kept call was summed by, in the order of the names: what the processor's `DimensionReader` reads. */
export function callDimensions(names: readonly string[]): (call: Call) => readonly string[] {
  const sources = names.map(dimensionSource);
  return ({ userIdHash, sessionId, metadata }) => {
    const fields: unknown = metadata === null ? null : JSON.parse(metadata);
    return sources.map((source) => {
      if (source.kind === 'user') return userIdHash || NONE;
      if (source.kind === 'session') return sessionId || NONE;
      for (const key of source.keys) {
        const text = metadataText(fields, key);
        if (text !== '') return text.length > DIMENSION_VALUE_CHARS_MAX ? OVERFLOW : text;
      }
      return NONE;
    });
  };
}
