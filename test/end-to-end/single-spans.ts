import { readdirSync, readFileSync } from 'node:fs';
import protobuf from 'protobufjs/minimal.js';
import { field } from './protobuf-fields.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const JSON_TYPE = 'application/json';

/** The body of one `POST /v1/traces`. */
export interface TraceExport {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

interface Meta {
  readonly posts: readonly { readonly file: string; readonly signal: string; readonly content_type: string }[];
}

interface JsonLogs {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly { readonly logRecords: readonly object[] }[];
  }[];
}

interface JsonExport {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly object[] }[];
  }[];
}

/** Every trace that was captured of a client or in the field, as it was exported. */
export function capturedExports(): readonly TraceExport[] {
  const captures = readdirSync(new URL('otlp/', FIXTURES))
    .filter((file) => file.endsWith('.meta.json'))
    .flatMap((file) => (JSON.parse(readText(`otlp/${file}`)) as Meta).posts)
    .filter(({ signal }) => signal === 'traces')
    .map(({ file, content_type: type }) => ({ body: read(`otlp/${file}`), type }));
  const fields = readdirSync(new URL('field/', FIXTURES), { withFileTypes: true });
  const folders = ['clients/', ...fields.filter((entry) => entry.isDirectory()).map(({ name }) => `field/${name}/`)];
  const files = folders.flatMap((folder) => readdirSync(new URL(folder, FIXTURES)).map((file) => `${folder}${file}`));
  const exports = files
    .filter((file) => file.endsWith('.json') && 'resourceSpans' in (JSON.parse(readText(file)) as JsonExport))
    .map((file) => ({ body: read(file), type: JSON_TYPE }));
  return [...captures, ...exports];
}

/** Every span and every log record that was captured of a coding agent, each as an export of its own. */
export function singleItemsOfAgents(): readonly (TraceExport & { readonly path: string })[] {
  const files = readdirSync(new URL('agents/', FIXTURES), { recursive: true, encoding: 'utf8' });
  const bodiesOf = (ending: string) =>
    files.filter((file) => file.endsWith(ending)).map((file) => read(`agents/${file}`));
  return [
    ...bodiesOf('-traces.json').flatMap((body) => cutJson(body).map((each) => ({ body: each, path: '/v1/traces' }))),
    ...bodiesOf('-logs.json').flatMap((body) => cutLogs(body).map((each) => ({ body: each, path: '/v1/logs' }))),
  ].map((each) => ({ ...each, type: JSON_TYPE }));
}

function cutLogs(body: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
  const { resourceLogs } = JSON.parse(Buffer.from(body).toString()) as JsonLogs;
  return resourceLogs.flatMap((resource) =>
    resource.scopeLogs.flatMap((scope) =>
      scope.logRecords.map((record) => {
        const scopeLogs = [{ ...scope, logRecords: [record] }];
        return Uint8Array.from(Buffer.from(JSON.stringify({ resourceLogs: [{ ...resource, scopeLogs }] })));
      }),
    ),
  );
}

/** Each span as an export of its own, under the resource and the scope that it came with. */
export function singleSpans({ body, type }: TraceExport): readonly TraceExport[] {
  const bodies = type.startsWith(JSON_TYPE) ? cutJson(body) : cutProtobuf(body);
  return bodies.map((each) => ({ body: each, type }));
}

function cutJson(body: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
  const { resourceSpans = [] } = JSON.parse(Buffer.from(body).toString()) as JsonExport;
  return resourceSpans.flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => {
        const scopeSpans = [{ ...scope, spans: [span] }];
        return Uint8Array.from(Buffer.from(JSON.stringify({ resourceSpans: [{ ...resource, scopeSpans }] })));
      }),
    ),
  );
}

/** Of ExportTraceServiceRequest. */
const RESOURCE_SPANS = 1;
/** `scope_spans` of ResourceSpans, and `spans` of ScopeSpans. */
const PARTS = 2;

function cutProtobuf(body: Uint8Array): readonly Uint8Array<ArrayBuffer>[] {
  return fieldsOf(body).flatMap((resource) =>
    partsOf(resource.content).flatMap((scope) =>
      partsOf(scope.content).map((span) => {
        const scopeSpans = field(PARTS, ...restOf(scope.content), field(PARTS, span.content));
        return Uint8Array.from(field(RESOURCE_SPANS, ...restOf(resource.content), scopeSpans));
      }),
    ),
  );
}

interface Field {
  readonly number: number;
  readonly content: Uint8Array;
}

const partsOf = (message: Uint8Array) => fieldsOf(message).filter(({ number }) => number === PARTS);

const restOf = (message: Uint8Array) =>
  fieldsOf(message).flatMap(({ number, content }) => (number === PARTS ? [] : [field(number, content)]));

/** The three messages around a span have no fields but length-delimited ones. */
function fieldsOf(message: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) fields.push({ number: reader.uint32() >>> 3, content: reader.bytes() });
  return fields;
}

function read(path: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(path, FIXTURES)));
}

function readText(path: string): string {
  return readFileSync(new URL(path, FIXTURES), 'utf8');
}
