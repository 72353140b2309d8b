import { test } from 'node:test';
import { serverFor } from './running-server.ts';
import { assertTopChanges } from './top-changes.ts';

test('who changed cost, latency and errors most between two ranges is told, with its share, on SQLite', async (t) => {
  await assertTopChanges(await serverFor(t));
});
