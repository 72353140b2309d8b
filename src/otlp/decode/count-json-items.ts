import type { Signal } from '../export-answer.ts';
import type { ExportLimits, ItemCount } from './item-count.ts';

/**
 * How an item lies in its body: the brackets around it, outermost first.
 * `{"resourceSpans":[{"scopeSpans":[{"spans":[{`; nothing else of OTLP/JSON is as deep in such a sequence.
 */
const PATHS: Readonly<Record<Signal, string>> = {
  traces: '{[{[{[{',
  logs: '{[{[{[{',
  metrics: '{[{[{[{{[{',
};

/**
 * Counts the objects, arrays and commas of a body, without making any, and which of the objects are items. Ends at one
 * beyond a limit. Bytes that are no JSON give some count; the decoder refuses them.
 */
export function countJsonItems(body: Uint8Array, signal: Signal, limits: ExportLimits): Readonly<ItemCount> {
  const path = Buffer.from(PATHS[signal]);
  const count: ItemCount = { items: 0, parts: 0 };
  let depth = 0;
  /** How many of the brackets around this place are those of the path. */
  let matched = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === QUOTE) {
      i = endOfString(body, i);
    } else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      if (matched === depth && path[depth] === byte) matched++;
      depth++;
      count.parts++;
      if (depth === path.length && matched === depth) count.items++;
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) {
      if (depth > 0) depth--;
      if (matched > depth) matched = depth;
    } else if (byte === COMMA) {
      count.parts++;
    } else continue;
    if (count.items > limits.itemsMax || count.parts > limits.partsMax) break;
  }
  return count;
}

function endOfString(body: Uint8Array, start: number): number {
  for (let i = start + 1; i < body.length; i++) {
    const byte = body[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
  }
  return body.length;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
