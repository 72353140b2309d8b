import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Mutation } from './mutations.ts';

/** Says in an instant which bugs the code has outgrown, before hours of schedules do. */
export function assertApplicable(mutations: readonly Mutation[]): void {
  const outgrown = mutations.filter(({ file, find }) => {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
    return source.split(find).length !== 2;
  });
  assert.deepEqual(
    outgrown.map(({ name, file, find }) => `${name}: ${file} does not hold exactly once: ${find}`),
    [],
  );
}
