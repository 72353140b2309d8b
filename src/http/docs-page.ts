import { allowedWords } from '../events/allowed-words.ts';
import { exampleOf, fieldsOf, type SchemaObject } from './schema-fields.ts';
import { escapeHtml, policyOfStyle } from './scriptless-page.ts';

interface Document {
  readonly info: { readonly title: string; readonly description: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, SchemaObject>> };
}

type Content = Readonly<Record<string, { readonly schema: SchemaObject }>>;

interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: SchemaObject & { readonly default?: unknown; readonly maximum?: number };
    readonly description?: string;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** The OpenAPI document as one readable page that works without a script and without a network. */
export function docsPage(document: Document): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      operationSection(`${method} ${path}`, operation, document.components.schemas),
    ),
  );
  const links = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId }]) =>
        `<a href="#${escapeHtml(operationId)}"><code>${method.toUpperCase()} ${escapeHtml(path)}</code></a>`,
    ),
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details id="${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`,
  );
  const { title, description, version } = document.info;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style>
<main><h1>${escapeHtml(title)} <small>${escapeHtml(version)}</small></h1><p>${escapeHtml(description)}</p>
<p>For machines: <a href="/openapi.json">openapi.json</a></p><nav aria-label="Operations">${links.join('')}</nav>
${operations.join('\n')}<h2>Schemas</h2>${schemas.join('\n')}</main></html>`;
}

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{border-top:1px solid #8884;padding-top:1.5rem}small{color:#777}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{overflow-x:auto;background:#8881;padding:1rem;border-radius:.5rem}table{border-collapse:collapse;width:100%}
nav{columns:18rem;margin:1.5rem 0}nav a{display:block}td{overflow-wrap:anywhere}td:first-child{min-width:7rem}
td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top;border-bottom:1px solid #8882}
.method{text-transform:uppercase;font-weight:700}`;

export const DOCS_POLICY = policyOfStyle(STYLE);

type Schemas = Document['components']['schemas'];

function operationSection(
  name: string,
  { parameters = [], ...operation }: DocumentedOperation,
  schemas: Schemas,
): string {
  const [method = '', path = ''] = name.split(' ');
  const rows = parameters.map(
    ({ name: parameter, required, schema, description = '' }) =>
      `<tr><td><code>${escapeHtml(parameter)}</code><td>${required ? 'required' : fallbackText(schema.default)}<td>${prose(`${description}${takenText(schema)}`)}`,
  );
  const answers = Object.entries(operation.responses).map(
    ([status, { description }]) => `<tr><td><code>${status}</code><td>${prose(description)}`,
  );
  const success = Object.values(operation.responses).find(({ content }) => content !== undefined)?.content ?? {};
  return `<section id="${escapeHtml(operation.operationId)}"><h2><span class="method">${method}</span> <code>${escapeHtml(path)}</code></h2>
<p>${prose(operation.summary)}</p>
${rows.length > 0 ? `<table><tr><th>Parameter<th><th>${rows.join('')}</table>` : ''}
${contentSections('Body', operation.requestBody?.content ?? {}, schemas)}
${contentSections('Answer', success, schemas)}
<table><tr><th>Status<th>${answers.join('')}</table></section>`;
}

/** The fields of each form and an example of it. */
function contentSections(title: string, content: Content, schemas: Schemas): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const fields = fieldsOf(schema, schemas).map(
        (field) =>
          `<tr><td><code>${escapeHtml(field.path)}</code><td>${escapeHtml(field.type)}${field.isRequired ? '' : ', optional'}<td>${prose(field.description)}`,
      );
      const example = exampleOf(schema, schemas);
      const table = fields.length > 0 ? `<table><tr><th>Field<th>Type<th>${fields.join('')}</table>` : '';
      const shown = typeof example === 'object' && Object.keys(example ?? {}).length > 0;
      const text = shown ? `<pre>${escapeHtml(JSON.stringify(example, null, 2))}</pre>` : '';
      return `<details><summary>${title}: <code>${escapeHtml(type)}</code></summary>${table}${text}</details>`;
    })
    .join('');
}

/** Which values a parameter takes, where they are few or have bounds. */
function takenText(schema: SchemaObject & { readonly maximum?: number }): string {
  const words = allowedWords(schema);
  if (words !== undefined) return ` One of ${words.map((word) => `\`${word}\``).join(', ')}.`;
  const { type, minimum, maximum } = schema;
  return type === 'integer' && minimum !== undefined && maximum !== undefined ? ` ${minimum} to ${maximum}.` : '';
}

/** Text with its `code` shown as such. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function fallbackText(fallback: unknown): string {
  return fallback === undefined
    ? ''
    : `default <code>${escapeHtml(typeof fallback === 'string' ? fallback : JSON.stringify(fallback))}</code>`;
}
