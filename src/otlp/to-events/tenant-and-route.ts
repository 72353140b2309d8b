import { type Attributes, KIND_SERVER, type OtlpResource, type OtlpSpan } from '../decode/trace-export.ts';
import { textFrom, unquoted } from '../dialects/read-value.ts';
import { SpanReader } from '../dialects/span-reader.ts';

/**
 * Where SDKs put what the application attaches to a call. A key of the application is looked for bare and behind
 * each prefix; its value may be JSON-quoted.
 */
export const METADATA_PREFIXES = [
  'traceloop.association.properties.',
  'ai.telemetry.metadata.',
  'ai.settings.context.',
  'ai.settings.runtimeContext.',
  'langfuse.trace.metadata.',
  'langfuse.observation.metadata.',
  'langsmith.metadata.',
  'lmnr.association.properties.metadata.',
  'lmnr.association.properties.',
  'mastra.metadata.',
  'braintrust.metadata.',
  'mlflow.traceMetadata.',
  'genkit:metadata:context:',
  // OpenRouter's broadcast.
  'trace.metadata.',
  'metadata.',
] as const;

/** Attributes that hold such metadata as one JSON object. */
export const METADATA_OBJECTS = [
  'metadata',
  'langfuse.trace.metadata',
  'langfuse.observation.metadata',
  'langsmith.metadata',
  'mastra.metadata',
  'braintrust.metadata',
  'traceloop.association.properties',
  'ai.telemetry.metadata',
] as const;

const OBJECT_KEYS: ReadonlySet<string> = new Set(METADATA_OBJECTS);

/** Which attributes name the tenant and the route, in order. Configurable; the names of SDKs come after. */
export interface AttributeNames {
  readonly tenant: readonly string[];
  readonly route: readonly string[];
}

/** LiteLLM knows the tenant by the key that the caller used. */
const LITELLM_TENANT_KEYS = ['metadata.user_api_key_org_id', 'metadata.user_api_key_team_id'] as const;

const ROUTE_KEYS = [
  'traceloop.workflow.name',
  'gen_ai.workflow.name',
  'ai.telemetry.functionId',
  'resource.name',
  'gen_ai.agent.name',
  'agent.name',
  'gen_ai.prompt.name',
  'langfuse.trace.name',
  'gen_ai.application_name',
  'traceloop.entity.name',
  'traceloop.entity.path',
] as const;

const ROUTE_RESOURCE_KEYS = ['openinference.project.name', 'service.name'] as const;

/** Names under which applications put user and session into an SDK's metadata. */
const USER_NAMES = ['user_id', 'userId', 'user.id', 'user', 'end_user_id', 'enduser.id'] as const;
const SESSION_NAMES = [
  'session_id',
  'sessionId',
  'session.id',
  'conversation_id',
  'conversationId',
  'thread_id',
  'threadId',
] as const;

/** Names that mean anything where no metadata is around them. */
const BARE: ReadonlySet<string> = new Set(['user', 'conversation_id', 'conversationId', 'thread_id', 'threadId']);

/** The keys read here, to be kept by the decoder. */
export const DIMENSION_KEYS: readonly string[] = [
  ...USER_NAMES.filter((name) => name !== 'user'),
  'session_id',
  'sessionId',
  ...METADATA_OBJECTS,
  ...LITELLM_TENANT_KEYS,
  ...ROUTE_KEYS,
  ...ROUTE_RESOURCE_KEYS,
  'http.route',
];

/** More ancestors than this are no trace of a program but a loop or an attack. */
const ANCESTORS_MAX = 64;

/** Finds the spans above a span, as far as they lie in the same export; nearest first. */
export type AncestorsOf = (span: OtlpSpan) => readonly OtlpSpan[];

/** Builds the lookup over one export. Cycles and endless chains are cut. */
export function indexAncestors(spans: readonly OtlpSpan[]): AncestorsOf {
  // Exports of clients without an outer span, whose spans are all roots, need no index.
  if (spans.every(({ parentSpanId }) => parentSpanId === '')) return () => [];
  const byId = new Map<string, OtlpSpan>();
  for (const span of spans) byId.set(`${span.traceId}-${span.spanId}`, span);
  const parentOf = ({ traceId, parentSpanId }: OtlpSpan): OtlpSpan | undefined =>
    parentSpanId === '' ? undefined : byId.get(`${traceId}-${parentSpanId}`);
  return (span) => {
    const ancestors: OtlpSpan[] = [];
    for (let parent = parentOf(span); parent !== undefined && parent !== span; parent = parentOf(parent)) {
      if (ancestors.length === ANCESTORS_MAX) break;
      ancestors.push(parent);
    }
    return ancestors;
  };
}

/** A dimension and the attribute it came from, for the explanation. */
export interface Dimension {
  readonly value: string;
  readonly from: string;
}

type ResourceNames = Pick<SpanNames, 'resourceTenant' | 'resourceRoute'>;

const NAMES_NOTHING = { tenant: null, route: null, httpRoute: null };

export interface SpanNames {
  readonly tenant: string | null;
  readonly route: string | null;
  readonly httpRoute: string | null;
  readonly resourceTenant: string | null;
  readonly resourceRoute: string | null;
}

/** Looks up tenant, route, user and session of a call: first its own spans, then their ancestors, then the resource. */
export class DimensionFinder {
  readonly #tenantRanks: KeyRanks;
  readonly #routeRanks: KeyRanks;
  readonly #routeResourceRanks: KeyRanks;
  readonly #userRanks = ranksOf(withPrefixes(USER_NAMES).filter((key) => !BARE.has(key)));
  readonly #sessionRanks = ranksOf(withPrefixes(SESSION_NAMES).filter((key) => !BARE.has(key)));
  readonly #names: AttributeNames;
  readonly #ofResource = new WeakMap<OtlpResource, ResourceNames>();

  constructor(names: AttributeNames) {
    this.#names = names;
    this.#tenantRanks = ranksOf([...withPrefixes(names.tenant), ...LITELLM_TENANT_KEYS]);
    this.#routeRanks = ranksOf([...withPrefixes(names.route), ...ROUTE_KEYS]);
    this.#routeResourceRanks = ranksOf([...names.route, ...ROUTE_RESOURCE_KEYS]);
  }

  /** Null where nothing names a tenant; the API key's tenant is the caller's business and wins over this. */
  tenant(spans: readonly OtlpSpan[]): Dimension | null {
    return this.#inSpans(spans, this.#tenantRanks, this.#names.tenant) ?? inResource(spans, this.#tenantRanks);
  }

  route(spans: readonly OtlpSpan[]): Dimension | null {
    return (
      this.#inSpans(spans, this.#routeRanks, this.#names.route) ??
      httpRoute(spans) ??
      inResource(spans, this.#routeResourceRanks)
    );
  }

  /** What one span names by itself, and what its resource does. */
  namesOf(span: OtlpSpan): SpanNames {
    const spans = [span];
    const ofResource = this.#resourceNames(spans, span);
    // Most spans around calls have no attribute that anybody reads.
    if (span.attributes.size === 0) return { ...NAMES_NOTHING, ...ofResource };
    return {
      ...ofResource,
      tenant: this.#inSpans(spans, this.#tenantRanks, this.#names.tenant)?.value ?? null,
      route: this.#inSpans(spans, this.#routeRanks, this.#names.route)?.value ?? null,
      httpRoute: httpRoute(spans)?.value ?? null,
    };
  }

  /** Nearly all spans of an export have their resource in common. */
  #resourceNames(spans: readonly OtlpSpan[], { resource }: OtlpSpan): ResourceNames {
    let known = this.#ofResource.get(resource);
    if (known === undefined) {
      known = {
        resourceTenant: inResource(spans, this.#tenantRanks)?.value ?? null,
        resourceRoute: inResource(spans, this.#routeResourceRanks)?.value ?? null,
      };
      this.#ofResource.set(resource, known);
    }
    return known;
  }

  /** Who the application says that the call is for, in the attributes of this name or in its SDK's metadata. */
  user(readers: readonly SpanReader[]): string | null {
    return this.#person(readers, { field: 'userId', ranks: this.#userRanks, names: USER_NAMES });
  }

  session(readers: readonly SpanReader[]): string | null {
    return this.#person(readers, { field: 'sessionId', ranks: this.#sessionRanks, names: SESSION_NAMES });
  }

  #person(readers: readonly SpanReader[], { field, ranks, names }: Person): string | null {
    for (const reader of readers) {
      const found = [
        reader.text(field),
        inAttributes(reader.span.attributes, ranks)?.value ?? null,
        inMetadataObject(reader.span, names)?.value ?? null,
      ].find((value) => value !== null && !isNobody(value));
      if (found !== undefined) return found;
    }
    return null;
  }

  #inSpans(spans: readonly OtlpSpan[], ranks: KeyRanks, names: readonly string[]): Dimension | null {
    for (const span of spans) {
      const found = inAttributes(span.attributes, ranks) ?? inMetadataObject(span, names);
      if (found !== null) return found;
    }
    return null;
  }
}

/** What programs write where they know nobody: OpenCode names its user `unknown`. */
export function isNobody(name: string): boolean {
  return /^(?:unknown|undefined|null|none|n\/a)$/i.test(name.trim());
}

interface Person {
  readonly field: 'userId' | 'sessionId';
  readonly ranks: KeyRanks;
  readonly names: readonly string[];
}

/** The place of each key among those that name one thing: 0 is asked first. */
type KeyRanks = ReadonlyMap<string, number>;

function ranksOf(keys: readonly string[]): KeyRanks {
  return new Map(keys.map((key, rank) => [key, rank] as const).toReversed());
}

function withPrefixes(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, ...METADATA_PREFIXES.map((prefix) => `${prefix}${name}`)]);
}

/** Goes through what is there, some ten attributes, rather than through the sixty that could be. */
function inAttributes(attributes: Attributes, ranks: KeyRanks): Dimension | null {
  let found: Dimension | null = null;
  let foundRank = Infinity;
  for (let i = 0; i < attributes.size; i++) {
    const key = attributes.keys[i] as string;
    const rank = ranks.get(key);
    if (rank === undefined || rank > foundRank) continue;
    const value = unquoted(attributes.values[i])?.trim();
    if (value === undefined || value === '') continue;
    found = { value, from: key };
    foundRank = rank;
  }
  return found;
}

function inMetadataObject(span: OtlpSpan, names: readonly string[]): Dimension | null {
  if (!span.attributes.keys.some((key) => OBJECT_KEYS.has(key))) return null;
  for (const key of METADATA_OBJECTS) {
    if (!span.attributes.has(key)) continue;
    const metadata = new SpanReader(span).parsed(key);
    if (typeof metadata !== 'object' || metadata === null) continue;
    for (const name of names) {
      const value = Object.hasOwn(metadata, name) ? textFrom((metadata as Record<string, unknown>)[name]) : null;
      if (value !== null) return { value, from: `${key} (JSON) → ${name}` };
    }
  }
  return null;
}

function inResource(spans: readonly OtlpSpan[], ranks: KeyRanks): Dimension | null {
  const [first] = spans;
  if (first === undefined) return null;
  const found = inAttributes(first.resource.attributes, ranks);
  // SDKs fill in "unknown_service:node" when the application did not name itself.
  return found === null || found.value.startsWith('unknown_service')
    ? null
    : { value: found.value, from: `resource ${found.from}` };
}

/** Only of spans that serve a request: on a client's span it is the path at the model provider. */
function httpRoute(spans: readonly OtlpSpan[]): Dimension | null {
  for (const span of spans) {
    if (span.kind !== KIND_SERVER) continue;
    const value = textFrom(span.attributes.get('http.route'));
    if (value !== null) return { value, from: 'http.route of the serving span' };
  }
  return null;
}
