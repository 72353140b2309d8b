import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { assertApplicable } from './assert-applicable.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

const SIMULATE = new URL('./simulate.ts', import.meta.url).pathname;
const HOOK = new URL('./mutation-hook.ts', import.meta.url).href;
/** In the situation that it needs, the rarest is caught by one schedule in some dozens. */
const SCHEDULES_MAX = 300;

test('every bug can be put in', () => assertApplicable(MUTATIONS));

describe('the simulation catches a program in which', { concurrency: Math.min(2, availableParallelism()) }, () => {
  for (const mutation of MUTATIONS) {
    test(mutation.name, async (t) => {
      const { code, output } = await simulate(mutation);
      assert.match(output, /MUTATED/, 'the bug was put in');
      assert.equal(code, 1, `not caught in ${SCHEDULES_MAX} schedules:\n${output}`);
      const seed = /--seed (\d+) --schedules 1 --trace/.exec(output)?.[1];
      assert.ok(seed !== undefined, output);
      t.diagnostic(`caught by schedule ${seed}`);
    });
  }
});

function simulate(mutation: Mutation): Promise<{ code: number | null; output: string }> {
  const situation = mutation.situation === undefined ? [] : ['--situation', mutation.situation];
  const args = ['--import', HOOK, SIMULATE, '--seed', '1', '--schedules', String(SCHEDULES_MAX), ...situation];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, STREAMLENS_MUTATION: JSON.stringify(mutation) },
    // A bug may as well turn in circles for ever.
    timeout: 900_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
