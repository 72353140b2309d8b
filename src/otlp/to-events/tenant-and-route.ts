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
  'honeyhive_metadata.',
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
  'confident.trace.metadata',
  'confident.span.metadata',
] as const;

const OBJECT_KEYS: ReadonlySet<string> = new Set(METADATA_OBJECTS);

/** Which attributes name the tenant and the route, in order. Configurable; the names of SDKs come after. */
export interface AttributeNames {
  readonly tenant: readonly string[];
  readonly route: readonly string[];
}

/** LiteLLM and Bifrost know the tenant by the key that the caller used. */
const GATEWAY_TENANT_KEYS = [
  'metadata.user_api_key_org_id',
  'metadata.user_api_key_team_id',
  'bifrost.customer.id',
  'bifrost.team.id',
] as const;

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
  ...GATEWAY_TENANT_KEYS,
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

const NAMES_NOTHING = { tenant: null, route: null, httpRoute: null, user: null, session: null };

export interface SpanNames {
  readonly tenant: string | null;
  readonly route: string | null;
  readonly httpRoute: string | null;
  /** Who the application says that the call is for, in the attributes of this name or in its SDK's metadata. */
  readonly user: string | null;
  readonly session: string | null;
  readonly resourceTenant: string | null;
  readonly resourceRoute: string | null;
}

/** Looks up tenant, route, user and session of a call: first its own spans, then their ancestors, then the resource. */
export class DimensionFinder {
  readonly #tenantRanks: KeyRanks;
  readonly #routeResourceRanks: KeyRanks;
  readonly #placesOf: PlacesOfKey;
  /** The names to look for in an object of metadata. */
  readonly #namesOf: Readonly<Record<DimensionName, readonly string[]>>;
  readonly #ofResource = new WeakMap<OtlpResource, ResourceNames>();

  constructor({ tenant, route }: AttributeNames) {
    this.#tenantRanks = ranksOf([...withPrefixes(tenant), ...GATEWAY_TENANT_KEYS]);
    this.#routeResourceRanks = ranksOf([...route, ...ROUTE_RESOURCE_KEYS]);
    this.#placesOf = placesOf({
      tenant: this.#tenantRanks,
      route: ranksOf([...withPrefixes(route), ...ROUTE_KEYS]),
      user: ranksOf(withPrefixes(USER_NAMES).filter((key) => !BARE.has(key))),
      session: ranksOf(withPrefixes(SESSION_NAMES).filter((key) => !BARE.has(key))),
    });
    this.#namesOf = { tenant, route, user: USER_NAMES, session: SESSION_NAMES };
  }

  /** Null where nothing names a tenant; the API key's tenant is the caller's business and wins over this. */
  tenant(spans: readonly OtlpSpan[]): Dimension | null {
    return this.#inSpans(spans, 'tenant') ?? inResource(spans, this.#tenantRanks);
  }

  route(spans: readonly OtlpSpan[]): Dimension | null {
    return this.#inSpans(spans, 'route') ?? httpRoute(spans) ?? inResource(spans, this.#routeResourceRanks);
  }

  /** What one span names by itself, and what its resource does. */
  namesOf(reader: SpanReader): SpanNames {
    const { span } = reader;
    const spans = [span];
    const ofResource = this.#resourceNames(spans, span);
    // Most spans around calls have no attribute that anybody reads.
    if (span.attributes.size === 0) return { ...NAMES_NOTHING, ...ofResource };
    const first = firstIn(span.attributes, this.#placesOf);
    return {
      ...ofResource,
      tenant: this.#chosen(reader, first, 'tenant')?.value ?? null,
      route: this.#chosen(reader, first, 'route')?.value ?? null,
      httpRoute: httpRoute(spans)?.value ?? null,
      user: this.#person(reader, first, { field: 'userId', name: 'user' }),
      session: this.#person(reader, first, { field: 'sessionId', name: 'session' }),
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

  #person(reader: SpanReader, first: First, { field, name }: Person): string | null {
    const own = reader.text(field);
    if (own !== null && !isNobody(own)) return own;
    const attached = first[name]?.value;
    if (attached !== undefined && !isNobody(attached)) return attached;
    const inside = first.hasObject ? inMetadataObject(reader, this.#namesOf[name])?.value : undefined;
    return inside === undefined || isNobody(inside) ? null : inside;
  }

  #chosen(reader: SpanReader, first: First, name: DimensionName): Dimension | null {
    return first[name] ?? (first.hasObject ? inMetadataObject(reader, this.#namesOf[name]) : null);
  }

  #inSpans(spans: readonly OtlpSpan[], name: DimensionName): Dimension | null {
    for (const span of spans) {
      const found = this.#chosen(new SpanReader(span), firstIn(span.attributes, this.#placesOf), name);
      if (found !== null) return { value: found.value, from: found.from };
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
  readonly name: 'user' | 'session';
}

type DimensionName = 'tenant' | 'route' | 'user' | 'session';

/** The place of each key among those that name one thing: 0 is asked first. */
type KeyRanks = ReadonlyMap<string, number>;

function ranksOf(keys: readonly string[]): KeyRanks {
  return new Map(keys.map((key, rank) => [key, rank] as const).toReversed());
}

/** What a key may name, and its rank there; nothing for one that holds an object of metadata. */
type PlacesOfKey = ReadonlyMap<string, readonly { readonly name: DimensionName; readonly rank: number }[]>;

function placesOf(ranks: Readonly<Record<DimensionName, KeyRanks>>): PlacesOfKey {
  const names = Object.keys(ranks) as DimensionName[];
  const keys = new Set([...METADATA_OBJECTS, ...names.flatMap((name) => [...ranks[name].keys()])]);
  const placesAt = (key: string) =>
    names.flatMap((name) => {
      const rank = ranks[name].get(key);
      return rank === undefined ? [] : [{ name, rank }];
    });
  return new Map([...keys].map((key) => [key, placesAt(key)]));
}

/** Of each dimension the attribute of the lowest rank that says anything. */
interface First extends Record<DimensionName, Ranked | null> {
  /** Whether there is an object of metadata to look into. */
  hasObject: boolean;
}

interface Ranked extends Dimension {
  readonly rank: number;
}

/** Goes through what is there once, some ten attributes, rather than through the hundreds that could be. */
function firstIn({ keys, values, size }: Attributes, placesOfKey: PlacesOfKey): First {
  const first: First = { tenant: null, route: null, user: null, session: null, hasObject: false };
  for (let i = 0; i < size; i++) {
    const from = keys[i] as string;
    const places = placesOfKey.get(from);
    if (places === undefined) continue;
    if (OBJECT_KEYS.has(from)) first.hasObject = true;
    for (const { name, rank } of places) {
      if (rank > (first[name]?.rank ?? Infinity)) continue;
      const value = unquoted(values[i])?.trim();
      if (value !== undefined && value !== '') first[name] = { value, from, rank };
    }
  }
  return first;
}

function withPrefixes(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, ...METADATA_PREFIXES.map((prefix) => `${prefix}${name}`)]);
}

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

function inMetadataObject(reader: SpanReader, names: readonly string[]): Dimension | null {
  for (const key of METADATA_OBJECTS) {
    if (!reader.span.attributes.has(key)) continue;
    const metadata = reader.parsed(key);
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
