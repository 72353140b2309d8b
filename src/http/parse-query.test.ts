import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Type } from 'typebox';
import { queryParser } from './parse-query.ts';
import { Problem } from './problem.ts';

const parse = queryParser(
  Type.Object({
    tenant_id: Type.Optional(Type.String({ minLength: 1 })),
    provider: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
);

function problemOf(query: Record<string, unknown>): Problem {
  try {
    parse(query);
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('The query was taken');
}

test('a mistyped parameter is a 400 that names it and the one that was meant', () => {
  const { status, errors } = problemOf({ provder: 'openai' });
  assert.equal(status, 400);
  assert.deepEqual(errors, [{ path: '/provder', message: 'is no parameter of this endpoint; did you mean provider?' }]);
});

test('a parameter like none of them is told which there are', () => {
  const [error] = problemOf({ colour: 'red' }).errors;
  assert.equal(error?.message, 'is no parameter of this endpoint; it takes tenant_id, provider, limit');
});

test('no name but those of the schema is ever taken, also not one of an object itself', () => {
  const names = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('constructor', '__proto__', 'toString'));
  fc.assert(
    fc.property(names, (name) => {
      const query = Object.fromEntries([[name, 'x']]);
      if (['tenant_id', 'provider', 'limit'].includes(name)) return;
      assert.equal(problemOf(query).errors.length, 1);
    }),
  );
});

test('values are converted as the schema says, and wrong ones named', () => {
  assert.deepEqual(parse({ tenant_id: 'acme', limit: '5' }), { tenant_id: 'acme', limit: 5 });
  const paths = problemOf({ tenant_id: ['a', 'b'], limit: '0x5' }).errors.map(({ path }) => path);
  assert.deepEqual(paths, ['/tenant_id']);
  assert.deepEqual(problemOf({ limit: '0x5' }).errors[0]?.path, '/limit');
});

test('a word that is none of those that a parameter takes is told which these are', () => {
  const ordered = queryParser(
    Type.Object({
      order: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')])),
      format: Type.Optional(Type.Enum(['csv', 'ndjson'], { type: 'string' })),
    }),
  );
  assert.throws(() => ordered({ order: 'up', format: 'xlsx' }), {
    message: 'The query is not valid: order must be one of asc, desc; format must be one of csv, ndjson',
  });
});
