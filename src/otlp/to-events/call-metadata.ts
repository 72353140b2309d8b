import { METADATA_BYTES_MAX } from '../../events/fields.ts';
import type { AttributeValue } from '../decode/trace-export.ts';
import { parseJson } from '../dialects/read-value.ts';
import type { SpanReader } from '../dialects/span-reader.ts';
import { METADATA_OBJECTS, METADATA_PREFIXES } from './tenant-and-route.ts';

/** Tags by SDK: arrays, or JSON arrays in a string. */
const TAG_KEYS = ['tag.tags', 'langfuse.trace.tags', 'langsmith.span.tags'] as const;
const RESOURCE_METADATA_KEYS = [
  'deployment.environment.name',
  'deployment.environment',
  'service.name',
  'service.version',
];

/** Names of LiteLLM, HoneyHive and of LangChain's plumbing that say nothing about the application's call. */
const PLUMBING =
  /^metadata\.(?!user_api_key_(?:alias|team_alias)$)|\.(?:ls_|langgraph_|lc_)|^honeyhive_metadata\.(?:event_|usage\.|cost$|\w+_tokens$)/;

/** What an application attaches is flat, or an object or two. */
const METADATA_DEPTH_MAX = 8;

/** The attribute keys read here, to be kept by the decoder. */
export const METADATA_KEYS: readonly string[] = [...TAG_KEYS, ...RESOURCE_METADATA_KEYS];

/**
 * What the application attached to the call, with the SDK's prefixes stripped, plus where it ran. Values that would
 * take it past the limit of an event are left out.
 */
export function callMetadata(reader: SpanReader, extra: Readonly<Record<string, string | null>>): Metadata | null {
  const metadata: Metadata = {};
  const { attributes, resource } = reader.span;
  const { keys, values, size } = attributes;
  for (let i = 0; i < size; i++) addPrefixed(metadata, keys[i] as string, values[i]);
  for (const key of METADATA_OBJECTS) if (attributes.has(key)) addObject(metadata, reader.parsed(key));
  for (const key of TAG_KEYS) addTags(metadata, attributes.get(key));
  for (const key of RESOURCE_METADATA_KEYS) setOnce(metadata, key, resource.attributes.get(key));
  for (const key of Object.keys(extra)) setOnce(metadata, key, extra[key]);
  return withinLimit(metadata);
}

type Metadata = Record<string, unknown>;

const METADATA_PREFIX = new RegExp(`^(?:${METADATA_PREFIXES.join('|').replaceAll('.', String.raw`\.`)})`);

function addPrefixed(metadata: Metadata, key: string, value: AttributeValue | undefined): void {
  const [prefix] = METADATA_PREFIX.exec(key) ?? [];
  if (prefix === undefined || PLUMBING.test(key)) return;
  setOnce(metadata, key.slice(prefix.length), typeof value === 'string' ? plain(value) : value);
}

function addObject(metadata: Metadata, object: unknown): void {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return;
  for (const [key, value] of Object.entries(object)) setOnce(metadata, key, value);
}

function addTags(metadata: Metadata, value: AttributeValue | undefined): void {
  const tags = typeof value === 'string' ? (parseJson(value) ?? value) : value;
  setOnce(metadata, 'tags', tags);
}

/** Langfuse sends JSON in its metadata; everybody else's text stays text. */
function plain(value: string): unknown {
  return value.startsWith('"') ? (parseJson(value) ?? value) : value;
}

function setOnce(metadata: Metadata, key: string, value: unknown): void {
  if (value === undefined || value === null || value === '' || value instanceof Uint8Array) return;
  if (Object.hasOwn(metadata, key) || !isJson(value, 0)) return;
  if (key !== '__proto__') metadata[key] = value;
  // Assigned, this one would change what the object is instead of being kept in it.
  else Object.defineProperty(metadata, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Whether it can be written as JSON and read back: that has no infinite number, and a text may hold JSON nested so deep
 * that writing it again would exhaust the stack.
 */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < METADATA_DEPTH_MAX && Object.values(value).every((item) => isJson(item, depth + 1));
}

function withinLimit(metadata: Metadata): Metadata | null {
  const keys = Object.keys(metadata);
  if (keys.length === 0) return null;
  if (keys.reduce((bytes, key) => bytes + entryBytesMax(key, metadata[key]), 0) <= METADATA_BYTES_MAX) return metadata;
  if (Buffer.byteLength(JSON.stringify(metadata)) <= METADATA_BYTES_MAX) return metadata;
  const kept: [string, unknown][] = [];
  // Two for the braces, and for each entry the quotes, colon and comma.
  let bytes = 2;
  for (const [key, value] of Object.entries(metadata)) {
    const entryBytes = Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(JSON.stringify(value)) + 2;
    if (bytes + entryBytes > METADATA_BYTES_MAX) continue;
    bytes += entryBytes;
    kept.push([key, value]);
  }
  return Object.fromEntries(kept);
}

/** What an entry takes at most, told without writing it: a character takes six bytes when it is escaped. */
function entryBytesMax(key: string, value: unknown): number {
  const valueChars = typeof value === 'string' ? value.length : typeof value === 'object' ? Infinity : NUMBER_CHARS_MAX;
  return BYTES_PER_CHAR_MAX * (key.length + valueChars) + ENTRY_MARKS;
}

const BYTES_PER_CHAR_MAX = 6;
const NUMBER_CHARS_MAX = 25;
/** Four quotes, a colon, a comma, and a share in the braces. */
const ENTRY_MARKS = 8;
