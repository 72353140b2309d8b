import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type BackfillOptions, backfill } from './backfill.ts';
import { openInput } from './open-input.ts';

interface FakeServer {
  readonly url: string;
  /** The ids of each batch that came, in order. */
  readonly batches: string[][];
  /** What becomes of the next posts; then all are accepted. `lost`: taken, but the answer never arrives. */
  readonly script: (number | 'lost')[];
}

async function aServer(t: TestContext): Promise<FakeServer> {
  const fake = { batches: [] as string[][], script: [] as (number | 'lost')[] };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const next = fake.script.shift() ?? 202;
      const ids = Buffer.concat(chunks).toString().trim().split('\n');
      if (next === 'lost' || next === 202) fake.batches.push(ids);
      if (next === 'lost') request.socket.destroy();
      else if (next === 202) response.writeHead(202).end(answerTo(ids));
      else response.writeHead(next, { 'retry-after': '0' }).end('{"detail":"not now"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { ...fake, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function answerTo(ids: readonly string[]): string {
  const errors = ids.flatMap((id, index) => (id.includes('bad') ? [{ index, detail: '/model is required' }] : []));
  return JSON.stringify({ accepted: ids.length - errors.length, rejected: errors.length, errors });
}

function aFile(t: TestContext, content: string | Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-backfill-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'history');
  writeFileSync(path, content);
  return path;
}

type Options = Partial<BackfillOptions> & { readonly retryMsMax?: number };

async function run(path: string, url: string, options: Options = {}) {
  return backfill(await openInput(path), optionsFor(url, { progressPath: `${path}.progress`, ...options }));
}

function optionsFor(url: string, options: Options): BackfillOptions {
  return {
    progressPath: null,
    dedupHorizonMs: 900_000,
    unsure: 'ask',
    target: { baseUrl: url, apiKey: undefined, retryMsMax: options.retryMsMax ?? 5_000, onRetry: () => undefined },
    nowMs: Date.now,
    signal: new AbortController().signal,
    watch: { read: () => undefined, sent: () => undefined },
    ...options,
  };
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `"${i + 1}"`);
const text = (count: number): string => ids(count).join('\n');

for (const [name, compress] of [
  ['plain', (content: string) => content],
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`a ${name} file is sent once, and not again by the next run`, async (t) => {
    const server = await aServer(t);
    const path = aFile(t, compress(text(25_000)));
    const report = await run(path, server.url);
    assert.deepEqual([report.accepted, report.outcome], [25_000, 'done']);
    assert.deepEqual(server.batches.flat(), ids(25_000));
    const again = await run(path, server.url);
    assert.deepEqual([again.accepted, again.acceptedBefore, again.outcome], [0, 25_000, 'done before']);
    assert.equal(server.batches.length, 3);
  });
}

test('standard input is sent as it comes, and keeps no progress', async (t) => {
  const server = await aServer(t);
  const input = await openInput('-', Readable.from([Buffer.from('"1"\n"2'), Buffer.from('"\n"3"')]));
  const report = await backfill(input, optionsFor(server.url, { progressPath: null }));
  assert.equal(report.accepted, 3);
  assert.deepEqual(server.batches, [ids(3)]);
});

test('after a failure the next run goes on where the last answer came', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, gzipSync(text(25_000)));
  server.script.push(202, 403);
  await assert.rejects(run(path, server.url), /answered 403: not now/);
  const report = await run(path, server.url);
  assert.deepEqual([report.accepted, report.acceptedBefore], [15_000, 10_000]);
  assert.deepEqual(server.batches.flat(), ids(25_000));
});

test('a batch whose answer was lost is sent again, and only that one', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, text(25_000));
  server.script.push(202, 'lost');
  await assert.rejects(run(path, server.url, { retryMsMax: 0 }), /cannot be reached/);
  await run(path, server.url);
  assert.deepEqual(
    server.batches.map((batch) => [batch[0], batch.length]),
    [
      ['"1"', 10_000],
      ['"10001"', 10_000],
      ['"10001"', 10_000],
      ['"20001"', 5_000],
    ],
  );
});

test('what was sent longer ago than the dedup horizon is neither sent again nor skipped without being asked', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, text(15_000));
  server.script.push('lost');
  await assert.rejects(run(path, server.url, { retryMsMax: 0 }));
  const later = { nowMs: () => Date.now() + 900_000 };
  await assert.rejects(run(path, server.url, later), /lines 1 to 10000 .*--unsure resend or --unsure skip/);
  assert.equal(server.batches.length, 1);
  const skipped = await run(path, server.url, { ...later, unsure: 'skip' });
  assert.equal(skipped.accepted, 5_000);
  assert.deepEqual(server.batches.flat(), ids(15_000));
});

test('the decision to send an unsure batch again is followed', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, text(5));
  server.script.push('lost');
  await assert.rejects(run(path, server.url, { retryMsMax: 0 }));
  const later = { nowMs: () => Date.now() + 900_000 };
  assert.equal((await run(path, server.url, { ...later, unsure: 'resend' })).accepted, 5);
});

test('skipping an unsure batch skips no line that was added to the file meanwhile', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, `${text(5)}\n`);
  server.script.push('lost');
  await assert.rejects(run(path, server.url, { retryMsMax: 0 }));
  writeFileSync(path, text(8));
  await run(path, server.url, { nowMs: () => Date.now() + 900_000, unsure: 'skip' });
  assert.deepEqual(server.batches.at(-1), ['"6"', '"7"', '"8"']);
});

test('a busy server is tried again until it answers', async (t) => {
  const server = await aServer(t);
  server.script.push(503, 429, 500);
  assert.equal((await run(aFile(t, text(3)), server.url)).accepted, 3);
});

test('a server that stays busy ends the run with its reason', async (t) => {
  const server = await aServer(t);
  server.script.push(...Array.from({ length: 50 }, () => 503));
  await assert.rejects(run(aFile(t, text(3)), server.url, { retryMsMax: 700 }), /answered 503: not now/);
});

test('bad lines are told with their numbers and stop nothing', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, Buffer.concat([Buffer.from('"1"\n\n"bad"\n'), Buffer.of(0xff, 0x0a), Buffer.from('"5"\n')]));
  const report = await run(path, server.url);
  assert.deepEqual([report.accepted, report.rejected], [2, 2]);
  assert.deepEqual(report.badLines, [
    { line: 4, why: 'is not UTF-8' },
    { line: 3, why: '/model is required' },
  ]);
});

test('of many bad lines twenty are told and all are counted', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, Array.from({ length: 50 }, () => '"bad"').join('\n'));
  const report = await run(path, server.url);
  assert.deepEqual([report.rejected, report.badLines.length], [50, 20]);
});

test('a file that grew is sent from where it ended', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, `${text(5)}\n`);
  await run(path, server.url);
  writeFileSync(path, text(9));
  const report = await run(path, server.url);
  assert.deepEqual([report.accepted, report.acceptedBefore, report.outcome], [4, 5, 'done']);
});

test('the progress of another file of that name is refused', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, text(5));
  await run(path, server.url);
  writeFileSync(path, '"other"\n');
  await assert.rejects(run(path, server.url), /belongs to another file/);
});

test('a damaged progress file is refused rather than taken as none', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, text(5));
  writeFileSync(`${path}.progress`, '{"position":');
  await assert.rejects(run(path, server.url), /is no progress file/);
});

test('an interrupted run keeps what was answered', async (t) => {
  const server = await aServer(t);
  const path = aFile(t, text(25_000));
  const stop = new AbortController();
  const watch = { read: () => undefined, sent: () => stop.abort() };
  assert.equal((await run(path, server.url, { signal: stop.signal, watch })).outcome, 'interrupted');
  const { position } = JSON.parse(readFileSync(`${path}.progress`, 'utf8')) as { position: { lines: number } };
  assert.equal(position.lines, 10_000);
  assert.equal((await run(path, server.url)).accepted, 15_000);
  assert.deepEqual(server.batches.flat(), ids(25_000));
});

test('a compressed file that is cut short ends the run with a failure', async (t) => {
  const server = await aServer(t);
  const whole = gzipSync(text(5_000));
  await assert.rejects(run(aFile(t, whole.subarray(0, whole.length / 2)), server.url), /unexpected end of file/);
});
