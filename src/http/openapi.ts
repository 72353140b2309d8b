import type { TObject, TSchema } from 'typebox';

/** One operation of an API, in terms of the schemas that check it. */
export interface Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly query?: TObject;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, TSchema>>;
  /** What comes back on success. */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly content: Readonly<Record<string, TSchema>>;
  };
  /** The problems it may answer with, besides 400 and 500 which all may. */
  readonly problems: readonly number[];
}

export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly schemas: Readonly<Record<string, TSchema>>;
  readonly operations: readonly Operation[];
}

/** An OpenAPI 3.1 document: its schemas are JSON Schema, so the ones that validate are the ones that are shown. */
export function openApiDocument(api: ApiDescription): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of api.operations) {
    const path = (paths[operation.path] ??= {});
    path[operation.method] = operationObject(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: api.title,
      description: api.description,
      version: api.version,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { ...api.schemas, Problem: PROBLEM } },
  };
}

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
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
  429: 'Over the rate limit; try again after Retry-After',
  503: 'Not possible now; try again after Retry-After',
};

function operationObject({ summary, query, pathParameters = {}, body, answer, problems }: Operation): object {
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
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      [answer.status]: { description: answer.description, content: content(answer.content) },
      ...Object.fromEntries([400, ...problems].map((status) => [status, problemResponse(status)])),
    },
  };
}

function queryParameters(query: TObject): object[] {
  const required = new Set((query as { required?: readonly string[] }).required ?? []);
  return Object.entries(query.properties as Record<string, TSchema>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.has(name),
    schema,
  }));
}

function content(types: Readonly<Record<string, TSchema>>): object {
  return Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));
}

function problemResponse(status: number): object {
  return {
    description: PROBLEM_TEXTS[status] ?? 'See detail',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
