import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LlmRequest, REQUEST_FIELDS } from '../../../events/llm-request.ts';
import { PlainEvent } from '../../../events/plain-event.ts';
import { NONE, OVERFLOW } from '../../../tally/series.ts';
import { DimensionReader } from './dimension-reader.ts';
import { ValueTexts } from './value-texts.ts';

const NAMES = ['user', 'session', 'agent', 'team', 'metadata.app', 'metadata.é', 'metadata.__proto__'];
/** What finds a value, what only looks as if it did, and what is no plain text. */
const KEYS = [
  'team',
  'team.name',
  'team_id',
  'agent',
  'app',
  'apps',
  'ap',
  'é',
  '__proto__',
  '',
  'a"b',
  'a\\b',
  'tëam',
];

const text = fc.oneof(
  fc.constantFrom(
    '',
    'red',
    'true',
    '7',
    'ünïcode',
    'a"b\\c\n',
    '\u0001',
    NONE,
    OVERFLOW,
    'x'.repeat(255),
    'x'.repeat(256),
  ),
  fc.string({ maxLength: 6, unit: 'binary' }).filter((each) => each.isWellFormed()),
);
/** Values as JSON. */
const value = fc.oneof(
  text.map((each) => JSON.stringify(each)),
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1.50',
    '1e3',
    '1E-7',
    '12345678901234567890',
    '[]',
    '{}',
    '[1,"a"]',
  ),
  fc.constantFrom('{"app":"inner","team":["red"]}', '[{"team":"inner"}]', '{"a":{"team":"}"}}'),
);
const space = fc.constantFrom('', '', ' ', '\n\t ');
const metadata = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), value, space, space, space, space), { maxLength: 5 })
  .map((members) => {
    const texts = members.map(
      ([key, json, ...spaces]) => `${spaces[0]}${JSON.stringify(key)}${spaces[1]}:${spaces[2]}${json}${spaces[3]}`,
    );
    return `{${texts.join(',')}}`;
  });

function eventOf(parts: string): string {
  const names = '"request_id":"r","tenant_id":"t","route":"chat","model":"m","timestamp":"2026-01-01T00:00:00Z"';
  return `{${names}${parts}}`;
}

/** What the reader says of an event that was read from its bytes, where it is plain, and of one that was parsed. */
class BothWays {
  readonly #event = new PlainEvent(LlmRequest, REQUEST_FIELDS);
  readonly texts = new ValueTexts();
  readonly #reader = new DimensionReader(this.#event, NAMES, this.texts);

  read(json: string): readonly (readonly string[])[] {
    const found: (readonly string[])[] = [];
    if (this.#event.read(Buffer.from(json))) found.push(this.#texts());
    this.#event.take(JSON.parse(json) as object);
    return [...found, this.#texts()];
  }

  #texts(): readonly string[] {
    return Array.from(this.#reader.read(), (number) => this.texts.textOf(number));
  }
}

test('values are read from bytes as from a parsed event, whatever the metadata hold', () => {
  const reader = new BothWays();
  let plainCount = 0;
  fc.assert(
    fc.property(fc.option(metadata), fc.option(text), (json, user) => {
      const parts = [
        ...(json === null ? [] : [`,"metadata":${json}`]),
        ...(user === null ? [] : [`,"user_id_hash":${JSON.stringify(user)}`]),
      ];
      const ways = reader.read(eventOf(parts.join('')));
      if (ways.length === 2) plainCount++;
      assert.deepEqual(ways[0], ways.at(-1));
    }),
    { numRuns: 2_000 },
  );
  assert.ok(plainCount > 500, `${plainCount} events were read from their bytes`);
});

test('of members of one name the last counts', () => {
  const [fromBytes, parsed] = new BothWays().read(eventOf(',"metadata":{"app":"a","team":"x","app":7,"team":null}'));
  assert.deepEqual(fromBytes, [NONE, NONE, NONE, NONE, '7', NONE, NONE]);
  assert.deepEqual(parsed, fromBytes);
});

test('values of users that come once are forgotten, and none is taken for another', () => {
  const reader = new BothWays();
  const of = (user: number) => reader.read(eventOf(`,"user_id_hash":"user-${user}","metadata":{"team":"red"}`))[0];
  for (let user = 1; user < 70_000; user++) assert.equal(of(user)?.[0], `user-${user}`);
  assert.ok(reader.texts.size < 66_000, `${reader.texts.size} texts are remembered`);
  assert.equal(of(1)?.[0], 'user-1');
});
