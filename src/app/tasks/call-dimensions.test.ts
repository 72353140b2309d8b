import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LlmRequest } from '../../events/llm-request.ts';
import { PlainEvent } from '../../events/plain-event.ts';
import { DimensionReader } from '../../metrics-processor/core/records/dimension-reader.ts';
import { ValueTexts } from '../../metrics-processor/core/records/value-texts.ts';
import { aCall } from '../../metrics-store/contract/builders.ts';
import { callDimensions } from './call-dimensions.ts';

const NAMES = ['user', 'session', 'agent', 'team', 'metadata.app', 'metadata.toString'];
const REQUEST = { request_id: 'r', tenant_id: 't', route: 'r', model: 'm', timestamp: '2026-01-01T00:00:00Z' };

const text = fc.oneof(fc.constantFrom('', '0', 'u-1'), fc.string({ maxLength: 300 }));
const field = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}));
const metadata = fc.dictionary(
  fc.constantFrom('agent', 'agent.name', 'team', 'team_id', 'app', 'toString', 'x'),
  field,
);

test('a kept call is summed by what the processor read of its request', () => {
  fc.assert(
    fc.property(fc.option(text), fc.option(text), fc.option(metadata), (user, session, fields) => {
      const sent = fields === null ? null : JSON.stringify(fields);
      const request = { ...REQUEST, user_id_hash: user, session_id: session, metadata: fields };
      const event = new PlainEvent(LlmRequest);
      const bytes = Buffer.from(JSON.stringify(request));
      // What is not plain is parsed, and taken.
      if (!event.read(bytes)) event.take(JSON.parse(bytes.toString()));
      const call = aCall({ userIdHash: user, sessionId: session, metadata: sent });
      const texts = new ValueTexts();
      const read = Array.from(new DimensionReader(event, NAMES, texts).read(), (number) => texts.textOf(number));
      assert.deepEqual(callDimensions(NAMES)(call), read);
    }),
  );
});
