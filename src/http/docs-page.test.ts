import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import { exampleOf, fieldsOf } from './schema-fields.ts';

const Part = Type.Object({ name: Type.String({ description: 'Its `name`.' }), count: Type.Optional(Type.Integer()) });
const Whole = Type.Object({
  parts: Type.Array(Part),
  kind: Type.Union([Type.Literal('a'), Type.Literal('b')]),
  cost: Type.Union([Type.Number(), Type.Null()], { description: 'In <USD>.' }),
});
const document = openApiDocument({
  title: 'Test',
  description: 'Of a test.',
  version: '1',
  tags: { things: 'Things.' },
  schemas: { Part, Whole },
  operations: [
    {
      id: 'getThing',
      method: 'get',
      path: '/v1/thing',
      tag: 'things',
      summary: 'A thing.',
      query: Type.Object({
        order: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')], { description: 'Of all.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'How many.' })),
      }),
      answer: { status: 200, description: 'It', content: { 'application/json': Whole } },
      problems: [400],
    },
  ],
});

test('a part with a name is a reference, and its fields and an example are found through it', () => {
  const { components } = document as { components: { schemas: Record<string, object> } };
  const fields = fieldsOf({ $ref: '#/components/schemas/Whole' }, components.schemas);
  assert.deepEqual(
    fields.map(({ path, type, isRequired }) => `${path} ${type} ${isRequired}`),
    [
      'parts list of object true',
      'parts[].name string true',
      'parts[].count integer false',
      'kind "a" or "b" true',
      'cost number or null true',
    ],
  );
  const example = exampleOf({ $ref: '#/components/schemas/Whole' }, components.schemas);
  assert.ok(Compile(Whole).Check(example), JSON.stringify(example));
});

test('the page shows the fields of an answer, an example, and code as code', () => {
  const page = docsPage(document as never);
  assert.match(page, /<code>parts\[\]\.name<\/code><td>string<td>Its <code>name<\/code>\./);
  assert.match(page, /In &lt;USD&gt;\./);
  assert.match(page, /&quot;kind&quot;: &quot;a&quot;/);
});

test('a parameter says which values it takes, and each operation is one click away', () => {
  const page = docsPage(document as never);
  assert.match(page, /Of all\. One of <code>asc<\/code>, <code>desc<\/code>\./);
  assert.match(page, /How many\. 1 to 50\./);
  assert.match(page, /<a href="#getThing"><code>GET \/v1\/thing<\/code><\/a>/);
});
