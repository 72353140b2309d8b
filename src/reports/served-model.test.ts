import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withServedModel } from './served-model.ts';

const BARE = 'claude-sonnet-4-5-20250929';
const GLOBAL = `global.anthropic.${BARE}-v1:0`;
const IN_REGION = `projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929`;

/** By which name the call is billed. */
const billed = (model: string | undefined, answered: string | null, ...others: readonly string[]) => {
  const facts = withServedModel(
    { ...(model === undefined ? {} : { model }), answered_model: answered },
    others.map((other) => ({ model: other })),
  );
  return facts.answered_model ?? facts.model ?? null;
};

test('the name that says where Claude is served stands for the one by which Claude names itself', () => {
  const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.${BARE}-v1:0`;
  for (const name of [GLOBAL, `us-gov.anthropic.${BARE}-v1:0`, `anthropic.${BARE}`, arn, IN_REGION]) {
    assert.equal(billed(name, BARE), name);
  }
  assert.equal(billed('global.anthropic.claude-opus-4-6', 'claude-opus-4-6'), 'global.anthropic.claude-opus-4-6');
});

test('a record of Claude Code has that name from its span', () => {
  assert.equal(billed(BARE, null, GLOBAL), GLOBAL);
  assert.equal(billed(BARE, BARE, 'claude-sonnet-4-5', IN_REGION), IN_REGION);
});

test('another model that answered is billed', () => {
  assert.equal(billed(GLOBAL, 'claude-sonnet-4-20250514'), 'claude-sonnet-4-20250514');
  assert.equal(billed('claude-sonnet-4-5', BARE), BARE);
  assert.equal(billed('anthropic/claude-sonnet-4-5', 'claude-sonnet-4-5'), 'claude-sonnet-4-5');
  assert.equal(billed('gpt-5', 'gpt-5-2025-08-07', GLOBAL), 'gpt-5-2025-08-07');
  assert.equal(billed(undefined, null, GLOBAL), null);
});
