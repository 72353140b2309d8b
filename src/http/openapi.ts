import type { TObject, TSchema } from 'typebox';
import type { Operation } from './operation.ts';
import { OPERATIONS_OF_ALL } from './operations-of-all.ts';

export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Schemas with a name of their own; wherever one is part of another it becomes a reference. */
  readonly schemas: Readonly<Record<string, TSchema>>;
  readonly operations: readonly Operation[];
  /** Whether browsers may sign in, and bring a cookie in place of a key. */
  readonly hasSessions?: boolean;
}

/**
 * An OpenAPI 3.1 document: its schemas are JSON Schema, so the ones that validate are the ones that are shown.
 *
 * `@fastify/swagger` reads the schemas of Fastify's routes; ours are checked outside of it, since ordinary POSTs do not
 * even come to its router.
 */
export function openApiDocument(api: ApiDescription): object {
  const names = new Map(Object.entries(api.schemas).map(([name, schema]) => [JSON.stringify(schema), name]));
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of [...api.operations, ...OPERATIONS_OF_ALL]) {
    const path = (paths[operation.path] ??= {});
    path[operation.method] = operationObject(operation, names);
  }
  const schemas = Object.entries(api.schemas).map(([name, schema]) => [name, withReferences(schema, names, true)]);
  const tags = { ...api.tags, operation: 'For whoever runs the program.' };
  return {
    openapi: '3.1.0',
    info: {
      title: api.title,
      description: api.description,
      version: api.version,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    // Without keys nothing is asked for; with API_KEYS=required one of the forms is.
    security: [
      {},
      { bearer: [] },
      { basic: [] },
      { apiKey: [] },
      ...(api.hasSessions === true ? [{ session: [] }] : []),
    ],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, where API_KEYS=required.' },
        basic: { type: 'http', scheme: 'basic', description: 'An API key as the password, with any name.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'An API key.' },
        ...(api.hasSessions === true ? { session: SESSION } : {}),
      },
      schemas: { ...Object.fromEntries(schemas), Problem: PROBLEM },
    },
  };
}

const SESSION = {
  type: 'apiKey',
  in: 'cookie',
  name: 'streamlens_session',
  description: 'What POST /v1/session gives a browser; by TLS it is __Host-streamlens_session.',
} as const;

const PROBLEM = {
  type: 'object',
  description: 'What went wrong, see RFC 9457.',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', examples: ['about:blank'] },
    title: { type: 'string', examples: ['Bad Request'] },
    status: { type: 'integer', examples: [400] },
    detail: { type: 'string', description: 'For people.' },
    errors: {
      type: 'array',
      description: 'The fields or parameters that were wrong.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string', description: 'JSON pointer' }, message: { type: 'string' } },
      },
    },
  },
} as const;

const PROBLEM_TEXTS: Readonly<Record<number, string>> = {
  400: 'Not valid; `errors` names the fields',
  401: 'No API key, or an unknown one',
  403: 'The API key may not do this',
  404: 'Not found',
  408: 'The body did not arrive in time',
  413: 'Larger than the limit',
  415: 'A content type or encoding that is not taken',
  422: 'It would take too long or read too much; `detail` says what to narrow',
  429: 'Over the rate limit; try again after Retry-After',
  431: 'The headers are too large',
  503: 'Not possible now; try again after Retry-After',
};

function operationObject(operation: Operation, names: ReadonlyMap<string, string>): object {
  const { id, tag, summary, query, pathParameters = {}, body, answer, problems, isOpen = false } = operation;
  const parameters = [
    ...Object.entries(pathParameters).map(([name, description]) => ({
      name,
      in: 'path',
      required: true,
      description,
      schema: { type: 'string', minLength: 1 },
    })),
    ...(query === undefined ? [] : queryParameters(query)),
  ];
  const content = (types: Readonly<Record<string, TSchema>>): object =>
    Object.fromEntries(
      Object.entries(types).map(([type, schema]) => [type, { schema: withReferences(schema, names) }]),
    );
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(isOpen ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      [answer.status]: { description: answer.description, content: content(answer.content) },
      ...Object.fromEntries([...problems, HEADERS_TOO_LARGE].map((status) => [status, problemResponse(status)])),
    },
  };
}

function queryParameters(query: TObject): object[] {
  const required = new Set((query as { required?: readonly string[] }).required ?? []);
  return Object.entries(query.properties as Record<string, TSchema>).map(([name, schema]) => {
    const { description, ...rest } = schema as { readonly description?: string };
    return {
      name,
      in: 'query',
      required: required.has(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** The schema, with a reference in place of each part that has a name. */
function withReferences(schema: unknown, names: ReadonlyMap<string, string>, isNamed = false): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = isNamed ? undefined : names.get(JSON.stringify(schema));
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(schema)) return schema.map((part) => withReferences(part, names));
  return Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, withReferences(part, names)]));
}

/** Every operation may answer so: a path with its parameters counts as a header. */
const HEADERS_TOO_LARGE = 431;

function problemHeadersOf(status: number): object {
  if (status !== 429 && status !== 503) return {};
  const retryAfter = { 'Retry-After': { description: 'In seconds.', schema: { type: 'integer' } } };
  return { headers: status === 429 ? { ...retryAfter, ...RATE_LIMIT_HEADERS } : retryAfter };
}

const RATE_LIMIT_HEADERS = {
  'RateLimit-Policy': {
    description: 'The limit: q events in w seconds, see draft-ietf-httpapi-ratelimit-headers.',
    schema: { type: 'string', examples: ['"events";q=1000;w=1'] },
  },
  RateLimit: {
    description: 'What is left of it, r events, and the seconds t until more may be sent.',
    schema: { type: 'string', examples: ['"events";r=0;t=3'] },
  },
} as const;

function problemResponse(status: number): object {
  return {
    description: PROBLEM_TEXTS[status] ?? 'See detail',
    ...problemHeadersOf(status),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
