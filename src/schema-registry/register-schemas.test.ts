import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Type } from 'typebox';
import { StorageError } from '../storage/storage-error.ts';
import { registeredText, registerSchemas } from './register-schemas.ts';
import { RegistryClient, type RegistrySettings } from './registry-client.ts';

/** What the registry answers, by method and path; anything else is 404. A real one: `test/distributed`. */
type Answers = Readonly<Record<string, readonly [status: number, body: object]>>;

interface Asked {
  readonly what: string;
  readonly authorization: string | undefined;
}

async function aRegistry(t: TestContext, answers: Answers): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url}`;
    asked.push({ what, authorization: request.headers.authorization });
    request.resume().on('end', () => {
      const [status, body] = answers[what] ?? [404, { error_code: 40401, message: 'Subject not found.' }];
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const SCHEMAS = { 'llm.requests': Type.Object({ a: Type.String() }, { $id: 'A', additionalProperties: true }) };
const SUBJECT = '/subjects/llm.requests-value';
const COMPATIBILITY = `POST /compatibility${SUBJECT}/versions/latest?verbose=true`;

const registerAt = (url: string, more: Partial<RegistrySettings> = {}) =>
  registerSchemas(new RegistryClient({ url, ...more }), SCHEMAS);

async function failureOf(work: Promise<unknown>): Promise<StorageError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StorageError, String(error));
  return error;
}

test('a subject that is new is registered, and may gain fields from then on', async (t) => {
  const { url, asked } = await aRegistry(t, { [`POST ${SUBJECT}/versions`]: [200, { id: 7 }] });
  assert.deepEqual(await registerAt(url), new Map([['llm.requests', 7]]));
  assert.deepEqual(
    asked.map(({ what }) => what),
    [`GET ${SUBJECT}/versions`, `POST ${SUBJECT}/versions`, 'PUT /config/llm.requests-value'],
  );
});

test('what is registered already is only looked up, and the level of a subject that exists is left alone', async (t) => {
  const { url, asked } = await aRegistry(t, {
    [`GET ${SUBJECT}/versions`]: [200, [1]],
    [`POST ${SUBJECT}`]: [200, { id: 7, version: 1 }],
  });
  assert.deepEqual(await registerAt(url), new Map([['llm.requests', 7]]));
  assert.deepEqual(
    asked.map(({ what }) => what),
    [`GET ${SUBJECT}/versions`, `POST ${SUBJECT}`],
  );
});

test('a schema that the subject does not take is an error with the reason, and nothing is registered', async (t) => {
  const { url, asked } = await aRegistry(t, {
    [`GET ${SUBJECT}/versions`]: [200, [1]],
    [COMPATIBILITY]: [200, { is_compatible: false, messages: ['TYPE_CHANGED at /properties/a'] }],
  });
  const error = await failureOf(registerAt(url));
  assert.equal(error.code, 'misconfigured');
  assert.match(error.message, /llm\.requests-value after its latest version: TYPE_CHANGED at .*FORWARD/);
  assert.ok(!asked.some(({ what }) => what === `POST ${SUBJECT}/versions`));
});

test('credentials are sent as the registry wants them, and a refusal names the settings and no secret', async (t) => {
  const { url, asked } = await aRegistry(t, {
    [`GET ${SUBJECT}/versions`]: [401, { error_code: 401, message: 'Unauthorized' }],
  });
  for (const credentials of [{ username: 'me', password: 'p:w' }, { token: 't-secret' }]) {
    const error = await failureOf(registerAt(url, { credentials }));
    assert.equal(error.code, 'setting-refused');
    assert.match(error.message, /401; check SCHEMA_REGISTRY_USERNAME/);
    assert.doesNotMatch(error.message, /p:w|t-secret/);
  }
  const basic = `Basic ${Buffer.from('me:p:w').toString('base64')}`;
  assert.deepEqual(
    asked.map(({ authorization }) => authorization),
    [basic, 'Bearer t-secret'],
  );
});

test('a registry that is away or overloaded may be asked again, one that refuses may not', async (t) => {
  const { url } = await aRegistry(t, {
    [`GET ${SUBJECT}/versions`]: [503, { message: 'starting' }],
  });
  assert.equal((await failureOf(registerAt(url))).retryable, true);
  assert.equal((await failureOf(registerAt('http://127.0.0.1:9'))).retryable, true);
  const refusing = await aRegistry(t, { [`POST ${SUBJECT}/versions`]: [422, { message: 'Invalid schema' }] });
  const error = await failureOf(registerAt(refusing.url));
  assert.match(error.message, /answered registering llm\.requests-value with 422: Invalid schema/);
  assert.equal(error.retryable, false);
});

test('the text that is registered is of draft 7, without an id that nobody can resolve', () => {
  const text = JSON.parse(registeredText(SCHEMAS['llm.requests'])) as Record<string, unknown>;
  assert.equal(text['$schema'], 'http://json-schema.org/draft-07/schema#');
  assert.equal(text['$id'], undefined);
  assert.equal(text['additionalProperties'], true);
});
