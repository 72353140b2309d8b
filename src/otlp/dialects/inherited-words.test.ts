import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTraces } from '../decode/decode-traces.ts';
import { usagePartOf } from '../usage/usage-part.ts';
import { normalizeFinishReason } from './finish-reason.ts';
import { createFullKeyTable } from './wanted-keys.ts';

/** What every plain object knows, though nobody put it there. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype);

test('a word that every object knows is a word like any other', () => {
  for (const word of INHERITED) {
    assert.equal(normalizeFinishReason(word), word);
    assert.equal(usagePartOf(word), null, word);
    const span = { kind: word, status: { code: word }, attributes: [{ key: word, value: { stringValue: word } }] };
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    const decoded = decodeTraces(Buffer.from(body), 'json', createFullKeyTable());
    assert.ok(decoded.ok);
    const [read] = decoded.value.spans;
    assert.deepEqual([read?.kind, read?.statusCode, read?.attributes.get(word)], [0, 0, word]);
  }
});
