import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogDatabase } from '../../src/event-log/sqlite/log-database.ts';
import { TOPICS } from '../../src/events/topics.ts';
import { type Audit, auditOf, post } from './http-calls.ts';
import { expectedOf, rowsOf, settledRows } from './load-oracle.ts';
import { type LoadItem, MixedLoad } from './mixed-load.ts';
import { dataDirFor, endOf, outputOf, startServer } from './running-server.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const SENDERS = 3;
const BATCH_CALLS = 25;
const BATCHES_BEFORE = 15;

interface Sending {
  isOver: boolean;
  /** What a 202 was given for. */
  readonly taken: LoadItem[];
  readonly sent: LoadItem[];
  batches: number;
}

async function keepSending(ingestion: string, load: MixedLoad, sending: Sending): Promise<void> {
  while (!sending.isOver) {
    const batch = load.next(BATCH_CALLS);
    sending.sent.push(...batch);
    const body = batch.map(({ line }) => line).join('\n');
    const { status, text } = await post(`${ingestion}/v1/llm/events`, body, NDJSON);
    assert.equal(status, 202, text);
    sending.taken.push(...batch);
    sending.batches++;
  }
}

const idOf = (item: LoadItem): string => (item.type === 'malformed' ? '' : `${item.type} ${item.event.request_id}`);

/** The ids that a log holds, by kind. */
function idsIn(path: string): ReadonlySet<string> {
  const log = new LogDatabase(path);
  const ids = new Set<string>();
  for (const [kind, topic] of [
    ['request', TOPICS.requests],
    ['response', TOPICS.responses],
  ] as const) {
    const range = { from: 0, to: log.endOffset(topic) };
    for (const { value } of log.read(topic, range, Number.MAX_SAFE_INTEGER)) {
      const { request_id: id } = JSON.parse(Buffer.from(value ?? []).toString()) as { request_id: string };
      ids.add(`${kind} ${id}`);
    }
  }
  log.close();
  return ids;
}

async function booksOf(metrics: string, items: readonly LoadItem[]): Promise<Audit> {
  const { requestIds, responseIds } = expectedOf(items);
  let before = '';
  for (;;) {
    const audit = await auditOf(metrics, { requests: requestIds, responses: responseIds });
    const now = JSON.stringify(audit.totals);
    if (now === before) return audit;
    before = now;
    await sleep(1000);
  }
}

test('backups under load hold all that was taken before they began, and a restored program goes on exactly', async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const home = dataDirFor(t);
  const [dataDir, restoredDir] = [join(home, 'data'), join(home, 'restored')];
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  const sending: Sending = { isOver: false, taken: [], sent: [], batches: 0 };
  const senders = Promise.all(
    Array.from({ length: SENDERS }, (_, index) => keepSending(server.ingestion, new MixedLoad(seed + index), sending)),
  );
  senders.catch(() => undefined);
  const backups: { readonly path: string; readonly before: readonly LoadItem[] }[] = [];
  for (const name of ['first', 'second']) {
    const enough = sending.batches + BATCHES_BEFORE;
    while (sending.batches < enough) await sleep(20);
    const [path, before] = [join(home, name), [...sending.taken]];
    const output = await outputOf(['backup', path, '--data-dir', dataDir]);
    assert.match(output, /Backed up .* MiB, checksums in backup\.json/);
    backups.push({ path, before });
  }
  sending.isOver = true;
  await senders;
  server.process.kill('SIGKILL');
  await server.exited;

  for (const { path, before } of backups) {
    assert.deepEqual(readdirSync(path).toSorted(), ['backup.json', 'events.sqlite', 'metrics.sqlite']);
    const modes = [path, join(path, 'events.sqlite'), join(path, 'backup.json')].map((each) => statSync(each).mode);
    assert.deepEqual(
      modes.map((mode) => mode & 0o077),
      [0, 0, 0],
      'a backup is for its user alone',
    );
    rmSync(restoredDir, { recursive: true, force: true });
    await outputOf(['restore', path, '--data-dir', restoredDir]);
    const held = idsIn(join(restoredDir, 'events.sqlite'));
    assert.deepEqual(
      before.filter((item) => item.type !== 'malformed' && !held.has(idOf(item))),
      [],
      'it is there',
    );
    const restored = await startServer(restoredDir);
    try {
      const items = sending.sent.filter((item) => held.has(idOf(item)));
      await settledRows(restored.metrics, items);
      await booksOf(restored.metrics, items);
      assert.deepEqual(await rowsOf(restored.metrics), expectedOf(items).rows);
      // Senders that got no answer send again, the careful ones all that they have: nothing counts twice.
      for (let at = 0; at < sending.sent.length; at += 500) {
        const body = sending.sent.slice(at, at + 500).map(({ line }) => line);
        assert.equal((await post(`${restored.ingestion}/v1/llm/events`, body.join('\n'), NDJSON)).status, 202);
      }
      // The books alone grow by what is repeated, and stand still while a busy machine has not come to the rest.
      await settledRows(restored.metrics, sending.sent);
      const audit = await booksOf(restored.metrics, sending.sent);
      assert.deepEqual(await rowsOf(restored.metrics), expectedOf(sending.sent).rows);
      assert.equal(audit.balanced, true);
    } finally {
      restored.process.kill('SIGKILL');
      await restored.exited;
    }
  }
});

test('a backup goes into an empty directory only, and so does what is restored, whole or not at all', async (t) => {
  const home = dataDirFor(t);
  const [dataDir, backup] = [join(home, 'data'), join(home, 'backup')];
  const server = await startServer(dataDir);
  t.after(() => server.process.kill('SIGKILL'));
  await post(
    `${server.ingestion}/v1/llm/events`,
    new MixedLoad(1)
      .next(20)
      .map(({ line }) => line)
      .join('\n'),
    NDJSON,
  );
  await outputOf(['backup', backup, '--data-dir', dataDir]);
  const other = (name: string, change: (path: string) => void): string => {
    const path = join(home, name);
    cpSync(backup, path, { recursive: true });
    change(path);
    return path;
  };
  const flipped = other('flipped', (path) => {
    const bytes = readFileSync(join(path, 'events.sqlite'));
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    writeFileSync(join(path, 'events.sqlite'), bytes);
  });
  const cut = other('cut', (path) => writeFileSync(join(path, 'metrics.sqlite'), ''));
  const brokenOff = other('broken-off', (path) => rmSync(join(path, 'backup.json')));
  const outward = other('outward', (path) => {
    const text = readFileSync(join(path, 'backup.json'), 'utf8');
    writeFileSync(join(path, 'backup.json'), text.replace('events.sqlite', '../events.sqlite'));
  });
  const full = join(home, 'full');
  mkdirSync(full);
  writeFileSync(join(full, 'notes.txt'), 'mine');
  const cases = [
    [['backup', backup, '--data-dir', dataDir], 2, /is not empty; name a new directory for each backup/],
    [['backup', join(home, 'new'), '--data-dir', join(home, 'none')], 2, /neither an event log nor a store/],
    [['restore', backup, '--data-dir', dataDir], 2, /is not empty \(/],
    [['restore', backup, '--data-dir', full], 2, /is not empty \(notes\.txt\)/],
    [
      ['restore', flipped, '--data-dir', join(home, 'to-1')],
      1,
      /events\.sqlite is not what was backed up: its checksum/,
    ],
    [['restore', cut, '--data-dir', join(home, 'to-2')], 1, /metrics\.sqlite is not what was backed up/],
    [['restore', brokenOff, '--data-dir', join(home, 'to-3')], 2, /has no backup\.json: it is no backup/],
    [['restore', dataDir, '--data-dir', join(home, 'to-4')], 2, /has no backup\.json: it is no backup/],
    [['restore', outward, '--data-dir', join(home, 'to-5')], 2, /was changed; it names no files as it should/],
  ] as const;
  for (const [args, expected, sentence] of cases) {
    const { code, text } = await endOf(args);
    assert.match(text, sentence);
    assert.equal(code, expected, text);
  }
  assert.deepEqual(readdirSync(full), ['notes.txt']);
  for (const name of ['to-1', 'to-2']) assert.deepEqual(readdirSync(join(home, name)), ['lock.sqlite']);
});
