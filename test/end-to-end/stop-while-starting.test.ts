import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './http-calls.ts';
import { runCommand } from './running-server.ts';

test('SIGTERM ends a processor that still waits for its store', async () => {
  const command = runCommand(['metrics-processor'], {
    POSTGRES_DSN: 'postgres://nobody:nothing@127.0.0.1:1/none?sslmode=disable',
    HTTP_PORT: '0',
  });
  await eventually('it waits', async () => (command.output().includes('Waiting for the store') ? true : undefined));
  command.process.kill('SIGTERM');
  assert.deepEqual(await command.exited, { code: 0, signal: null }, command.output());
});
