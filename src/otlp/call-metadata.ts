import { METADATA_BYTES_MAX } from '../events/fields.ts';
import { parseJson, SpanReader } from './dialects/span-reader.ts';
import { METADATA_OBJECTS, METADATA_PREFIXES } from './tenant-and-route.ts';
import type { AttributeValue, OtlpSpan } from './trace-export.ts';

/** Tags by SDK: arrays, or JSON arrays in a string. */
const TAG_KEYS = ['tag.tags', 'langfuse.trace.tags', 'langsmith.span.tags'] as const;
const RESOURCE_METADATA_KEYS = [
  'deployment.environment.name',
  'deployment.environment',
  'service.name',
  'service.version',
];

/** Names of LiteLLM and of LangChain's plumbing that say nothing about the application's call. */
const PLUMBING = /^metadata\.(?!user_api_key_(?:alias|team_alias)$)|\.(?:ls_|langgraph_|lc_)/;

/** What an application attaches is flat, or an object or two. */
const METADATA_DEPTH_MAX = 8;

/** The attribute keys read here, to be kept by the decoder. */
export const METADATA_KEYS: readonly string[] = [...TAG_KEYS, ...RESOURCE_METADATA_KEYS];

/**
 * What the application attached to the call, with the SDK's prefixes stripped, plus where it ran. Of the spans of
 * one call the first one that has a key wins. Values that would take it past the limit of an event are left out.
 */
export function callMetadata(members: readonly OtlpSpan[], extra: Readonly<Record<string, string | null>>) {
  const metadata = new Map<string, unknown>();
  for (const span of members) {
    for (const [key, value] of span.attributes) addPrefixed(metadata, key, value);
    for (const key of METADATA_OBJECTS) addObject(metadata, new SpanReader(span).parsed(key));
    for (const key of TAG_KEYS) addTags(metadata, span.attributes.get(key));
  }
  const resource = members[0]?.resource.attributes;
  for (const key of RESOURCE_METADATA_KEYS) setOnce(metadata, key, resource?.get(key));
  for (const [key, value] of Object.entries(extra)) setOnce(metadata, key, value);
  return withinLimit(metadata);
}

function addPrefixed(metadata: Map<string, unknown>, key: string, value: AttributeValue): void {
  const prefix = METADATA_PREFIXES.find((candidate) => key.startsWith(candidate));
  if (prefix === undefined || PLUMBING.test(key)) return;
  setOnce(metadata, key.slice(prefix.length), typeof value === 'string' ? plain(value) : value);
}

function addObject(metadata: Map<string, unknown>, object: unknown): void {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return;
  for (const [key, value] of Object.entries(object)) setOnce(metadata, key, value);
}

function addTags(metadata: Map<string, unknown>, value: AttributeValue | undefined): void {
  const tags = typeof value === 'string' ? (parseJson(value) ?? value) : value;
  setOnce(metadata, 'tags', tags);
}

/** Langfuse sends JSON in its metadata; everybody else's text stays text. */
function plain(value: string): unknown {
  return value.startsWith('"') ? (parseJson(value) ?? value) : value;
}

function setOnce(metadata: Map<string, unknown>, key: string, value: unknown): void {
  if (value === undefined || value === null || value === '' || value instanceof Uint8Array) return;
  if (!isShallow(value, 0)) return;
  if (!metadata.has(key)) metadata.set(key, value);
}

/** A text may hold JSON nested so deep that writing it again would exhaust the stack. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth < METADATA_DEPTH_MAX && Object.values(value).every((item) => isShallow(item, depth + 1));
}

function withinLimit(metadata: ReadonlyMap<string, unknown>): Record<string, unknown> | null {
  if (metadata.size === 0) return null;
  const whole = Object.fromEntries(metadata);
  if (Buffer.byteLength(JSON.stringify(whole)) <= METADATA_BYTES_MAX) return whole;
  const kept: [string, unknown][] = [];
  // Two for the braces, and for each entry the quotes, colon and comma.
  let bytes = 2;
  for (const [key, value] of metadata) {
    const entryBytes = Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(JSON.stringify(value)) + 2;
    if (bytes + entryBytes > METADATA_BYTES_MAX) continue;
    bytes += entryBytes;
    kept.push([key, value]);
  }
  return Object.fromEntries(kept);
}
