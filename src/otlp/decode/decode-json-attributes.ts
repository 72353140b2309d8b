import { AttributeList } from './attribute-list.ts';
import type { KeyTable } from './key-table.ts';
import type { AttributeValue } from './trace-export.ts';

export type JsonRecord = { readonly [key: string]: unknown };

/** Deeper values are dropped: nobody sends them in earnest, and recursion must end. */
const VALUE_DEPTH_MAX = 16;

/** `[{"key":…,"value":{"stringValue":…}}]` of OTLP/JSON, only the keys that somebody reads. */
export function attributesFromJson(list: readonly unknown[], keys: KeyTable): AttributeList {
  const attributes = new AttributeList();
  for (const entry of list) {
    if (!isRecord(entry) || typeof entry['key'] !== 'string') continue;
    if (keys.useOf(entry['key']) === 'drop') continue;
    const value = anyValueFrom(entry['value'], 0);
    if (value !== null) attributes.set(entry['key'], value);
  }
  return attributes;
}

/** Null for an empty or unknown value, which counts as absent. A bare JSON scalar is taken as what it is. */
function anyValueFrom(value: unknown, depth: number): AttributeValue {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (!isRecord(value) || depth >= VALUE_DEPTH_MAX) return null;
  const text = field(value, 'stringValue', 'string_value');
  if (typeof text === 'string') return text;
  const flag = field(value, 'boolValue', 'bool_value');
  if (typeof flag === 'boolean') return flag;
  const count = field(value, 'intValue', 'int_value') ?? field(value, 'doubleValue', 'double_value');
  if (typeof count === 'number') return count;
  // "NaN" and "Infinity" become numbers here and are refused by whoever wants a count.
  if (typeof count === 'string') return count.trim() === '' ? null : Number(count);
  const list = field(value, 'arrayValue', 'array_value');
  if (isRecord(list)) return listOf(list['values']).map((item) => anyValueFrom(item, depth + 1));
  const entries = field(value, 'kvlistValue', 'kvlist_value');
  if (isRecord(entries)) return keyValueListFrom(listOf(entries['values']), depth + 1);
  const bytes = field(value, 'bytesValue', 'bytes_value');
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : null;
}

function keyValueListFrom(entries: readonly unknown[], depth: number): AttributeValue {
  return Object.fromEntries(
    entries.filter(isRecord).map((entry) => [textOf(entry['key']), anyValueFrom(entry['value'], depth)]),
  );
}

function field(record: JsonRecord, name: string, otherName: string): unknown {
  return record[name] ?? record[otherName];
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
