import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TSchema, Type } from 'typebox';
import { Timestamp } from './fields.ts';
import { LlmEvaluation } from './llm-evaluation.ts';
import { LlmRequest } from './llm-request.ts';
import { LlmResponse } from './llm-response.ts';
import { plainFields } from './plain-fields.ts';

test('every field of the schemas of events has a plain form', () => {
  for (const schema of [LlmRequest, LlmResponse, LlmEvaluation]) {
    assert.deepEqual(
      plainFields(schema).map(({ name }) => name),
      Object.keys(schema.properties),
    );
  }
});

test('a number without limits is a finite one', () => {
  const [field] = plainFields(Type.Object({ x: Type.Number() }));
  assert.deepEqual([field?.min, field?.max], [-Number.MAX_VALUE, Number.MAX_VALUE]);
});

test('a rule that the plain form does not check is no rule of an event', () => {
  const refused: Readonly<Record<string, TSchema>> = {
    'another pattern': Type.String({ pattern: '^a' }),
    'another format': Type.String({ format: 'uri' }),
    'an instant of any years': Type.String({ format: 'date-time' }),
    'an instant of a certain length': { ...Timestamp, const: '2025-11-19T10:00:00Z' },
    'a limit that is not in it': Type.Number({ exclusiveMaximum: 5 }),
    'a step': Type.Integer({ multipleOf: 2 }),
    'one of some values of any kind': Type.Enum(['a', 'b']),
    'one of some texts that need an escape': { type: 'string', enum: ['a', 'b"'] },
    'one of two kinds': Type.Union([Type.String(), Type.Number()]),
    'a rule beside the kinds': { anyOf: [Type.String(), Type.Null()], maxLength: 3 },
    'an object with fields': Type.Object({ a: Type.String() }),
    'an object without others': Type.Object({}, { additionalProperties: false }),
    'a list': Type.Array(Type.String()),
  };
  for (const [why, schema] of Object.entries(refused)) {
    assert.throws(() => plainFields(Type.Object({ x: schema })), /plain form of \/x is not known/, why);
  }
  assert.throws(() => plainFields(Type.Object({}, { additionalProperties: false })), /is not known/);
});
