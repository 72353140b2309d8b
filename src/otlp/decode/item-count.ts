/**
 * How much an export may hold. Bytes alone bound nothing: an empty span takes two of them, and half a kilobyte as an
 * object.
 */
export interface ExportLimits {
  /** Spans, log records or data points. */
  readonly itemsMax: number;
  /** Messages in protobuf, values in JSON: whatever becomes an object or a string. */
  readonly partsMax: number;
}

/** What a body holds, in the terms of its limits. */
export interface ItemCount {
  items: number;
  parts: number;
}
