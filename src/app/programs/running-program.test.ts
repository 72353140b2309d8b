import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draining } from '../../http/draining.ts';
import { createLogger } from '../../http/logger.ts';
import { answeringProgram } from './running-program.ts';

const ABOUT = { logger: createLogger('test', 'silent'), draining: new Draining(), started: ['it listens'] };

test('the parts of a program that answers are ended one after the other, in their order', async () => {
  const ended: string[] = [];
  const part = (name: string) => async () => {
    ended.push(`${name} stops`);
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(`${name} stopped`);
  };
  const program = answeringProgram(ABOUT, [part('server'), part('store')]);
  assert.deepEqual([program.started, ended], [['it listens'], []]);
  await program.stop();
  assert.deepEqual(ended, ['server stops', 'server stopped', 'store stops', 'store stopped']);
});
