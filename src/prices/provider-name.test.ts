import assert from 'node:assert/strict';
import { test } from 'node:test';
import { billsItself, providerId } from './provider-name.ts';

test('case, blanks and underscores do not matter in the name of a provider', () => {
  for (const name of ['Vertex AI', 'vertex_ai', ' vertex-ai ', 'VERTEX__AI']) assert.equal(providerId(name), 'google');
});

test('the longest known beginning decides who is meant', () => {
  const names = {
    'openai.responses': 'openai',
    'google.vertex.chat': 'google',
    'azure.ai.openai': 'azure',
    'azure.ai.openai.chat': 'azure',
    'aws.bedrock': 'aws',
    'gcp.vertex_ai': 'google',
    // A framework that begins like a provider's name.
    'gcp.vertex.agent': '',
    'z.ai': 'zai',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(names).map((name) => [name, providerId(name)])), names);
});

test('a beginning counts only up to a dot', () => {
  assert.equal(providerId('openai2'), 'openai2');
  assert.equal(providerId('groqish.chat'), 'groqish.chat');
});

test('who passes calls on, or is nobody, bills nothing', () => {
  assert.deepEqual(['', ' ', 'LiteLLM', 'unknown', 'langchain'].map(providerId), ['', '', '', '', '']);
});

test('a name that nobody knows is given back in lower case, with its own blanks', () => {
  assert.equal(providerId(' My Own_Host '), 'my own_host');
});

test('models on machines of their own and hosts without a list have prices of their own', () => {
  const names = ['ollama', 'lm_studio', 'hugging face', 'ibm.watsonx.ai', 'snowflake.cortex', 'databricks.chat'];
  assert.deepEqual(
    names.filter((name) => !billsItself(providerId(name))),
    [],
  );
  assert.deepEqual(['openai', 'my-host', '', 'lambda2', 'oci1'].filter(billsItself), []);
});
