import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { valueEnd } from './plain-json.ts';

const isValue = (bytes: Buffer): boolean => valueEnd(bytes, 0) === bytes.length;

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return isUtf8(bytes);
  } catch {
    return false;
  }
}

test('a value ends where it does, whatever comes behind', () => {
  for (const json of ['"a"', '""', '-0', '1.5e+3', 'true', 'null', '[]', '{}', '[1,{"a":[]}, "}"]', '{"a" : "\\""}']) {
    for (const behind of ['', ',', '}', ']', ' ', '\n', '"']) {
      assert.equal(valueEnd(Buffer.from(`x${json}${behind}`), 1), 1 + json.length, json + behind);
    }
  }
});

test('a value may be nested 30 levels deep, whatever the brackets', () => {
  const nested = (levels: number, isObject: (level: number) => boolean) => {
    let json = '1';
    for (let level = 0; level < levels; level++) json = isObject(level) ? `{"a":${json}}` : `[${json}]`;
    return Buffer.from(json);
  };
  for (const isObject of [() => true, () => false, (level: number) => level % 2 === 0]) {
    assert.ok(isValue(nested(30, isObject)));
    assert.equal(valueEnd(nested(31, isObject), 0), -1);
    assert.equal(valueEnd(nested(100_000, isObject), 0), -1);
  }
  // Counting on in 32 bits, it would forget the brackets before the brace.
  assert.equal(valueEnd(Buffer.from(`${'['.repeat(31)}{"a":[1]`), 0), -1);
});

test('what JSON.parse takes is a value, and nothing else', () => {
  const json = fc
    .jsonValue({ maxDepth: 5 })
    .chain((value) => fc.constantFrom(undefined, ' ', '\t').map((space) => JSON.stringify(value, undefined, space)));
  const number = fc.stringMatching(/^-?\d{0,3}(\.\d{0,2})?([eE][+-]?\d{0,2})?$/);
  const character = fc.oneof(
    fc.constantFrom('a', 'é', '\0', '\u001f', '\u007f', '\u{1f600}'),
    fc.stringMatching(/^\\(["\\/bfnrtuxU0]|u[0-9a-fA-F]{3}[0-9a-gF])$/),
  );
  const text = fc.array(character, { maxLength: 6 }).map((characters) => `"${characters.join('')}"`);
  const scraps = fc.array(
    fc.constantFrom(...'[]{},:"\\ \n0-1.e'.split(''), 'null', 'tru', '"a"', '{"a":', '[1,', '\u{1f600}', '\\ud800'),
    { maxLength: 8 },
  );
  const source = fc.oneof(
    json,
    number,
    text,
    scraps.map((pieces) => pieces.join('')),
  );
  const change = fc.option(fc.record({ at: fc.nat(), byte: fc.nat(255), drop: fc.nat(2) }), { freq: 2 });
  let valueCount = 0;
  const property = fc.property(source, change, (written, changed) => {
    let bytes = Buffer.from(written.trim());
    if (changed !== null) {
      const at = changed.at % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(changed.byte), bytes.subarray(at + changed.drop)]);
    }
    // White space around it belongs to whoever looks for a value.
    if (/^[ \n\r\t]|[ \n\r\t]$/.test(bytes.toString('latin1'))) return;
    assert.equal(isValue(bytes), isJson(bytes), JSON.stringify(bytes.toString('latin1')));
    if (isValue(bytes)) valueCount++;
  });
  fc.assert(property, { numRuns: 20_000 });
  assert.ok(valueCount > 4000, `only ${valueCount} were values`);
});
