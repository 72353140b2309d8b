import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { StorageError } from '../../../storage/storage-error.ts';
import { asStorageError } from '../kafka-errors.ts';
import { lastingToken } from './lasting-token.ts';
import { mskToken } from './msk-iam.ts';

test('a token is given out for three quarters of its life, and fetched once for all who ask', async () => {
  let [nowMs, issued] = [0, 0];
  const token = lastingToken(
    async () => ({ token: `t${++issued}`, validForMs: 1000 }),
    () => nowMs,
  );
  assert.deepEqual(await Promise.all([token(), token()]), ['t1', 't1']);
  nowMs = 749;
  assert.equal(await token(), 't1');
  nowMs = 750;
  assert.deepEqual(await Promise.all([token(), token()]), ['t2', 't2']);
});

test('a token that could not be fetched is asked for again by whoever comes next', async () => {
  let attempts = 0;
  const token = lastingToken(
    async () => {
      if (++attempts === 1) throw new Error('away');
      return { token: 't', validForMs: 1000 };
    },
    () => 0,
  );
  await assert.rejects(Promise.all([token(), token()]), /away/);
  assert.equal(attempts, 1);
  assert.equal(await token(), 't');
});

test('what kept us from a token is told, however deep the client wrapped it', () => {
  const own = new StorageError('setting-refused', 'the token endpoint refuses us');
  const wrapped = new AggregateError([new Error('authentication failed', { cause: own })]);
  const { code, message } = asStorageError(wrapped, 'Appending events');
  assert.deepEqual([code, message], ['setting-refused', 'Appending events: the token endpoint refuses us']);
});

const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

test('the token for MSK is the signed URL of kafka-cluster:Connect, good for 15 minutes', async () => {
  const sessionToken = 'FwoGZXIvYXdzE//x+=';
  const { token, validForMs } = await mskToken('eu-west-1', async () => ({ ...KEYS, sessionToken }), AT_MS);
  assert.equal(validForMs, 900_000);
  assert.match(token, /^[\w-]+$/);
  const url = new URL(Buffer.from(token, 'base64url').toString());
  assert.equal(url.origin, 'https://kafka.eu-west-1.amazonaws.com');
  const { 'X-Amz-Signature': signature, ...query } = Object.fromEntries(url.searchParams);
  assert.deepEqual(query, {
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20260102/eu-west-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20260102T030405Z',
    'X-Amz-Expires': '900',
    'X-Amz-Security-Token': sessionToken,
    'X-Amz-SignedHeaders': 'host',
    'User-Agent': 'streamlens',
  });
  assert.equal(signature, signatureOf(url));
});

/** Signature version 4 of a URL with nothing but its query, as AWS describes it. */
function signatureOf(url: URL): string {
  const names = [...url.searchParams.keys()].filter((name) => name !== 'X-Amz-Signature' && name !== 'User-Agent');
  const pairs = names.map((name) => `${escaped(name)}=${escaped(url.searchParams.get(name) ?? '')}`).sort();
  const empty = createHash('sha256').update('').digest('hex');
  const canonical = ['GET', '/', pairs.join('&'), `host:${url.host}`, '', 'host', empty].join('\n');
  const scope = '20260102/eu-west-1/kafka-cluster/aws4_request';
  const hash = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', '20260102T030405Z', scope, hash].join('\n');
  let key: Buffer = Buffer.from(`AWS4${KEYS.secretAccessKey}`);
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(toSign).digest('hex');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
