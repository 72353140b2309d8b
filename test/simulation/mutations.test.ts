import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { MUTATIONS, type Mutation } from './mutations.ts';

const SIMULATE = new URL('./simulate.ts', import.meta.url).pathname;
const HOOK = new URL('./mutation-hook.ts', import.meta.url).href;
/** The rarest is caught by one schedule in two thousand. */
const SCHEDULES_MAX = 2500;

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
  const args = ['--import', HOOK, SIMULATE, '--seed', String(mutation.seed ?? 1), '--schedules', String(SCHEDULES_MAX)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, STREAMLENS_MUTATION: JSON.stringify(mutation) },
    // A bug may as well turn in circles for ever.
    timeout: 900_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
