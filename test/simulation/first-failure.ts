import { writeSync } from 'node:fs';
import { afterEach } from 'node:test';

/** What Node tells a hook of the test that has ended, and its types do not. */
interface Ended {
  readonly name: string;
  readonly passed: boolean;
}

/**
 * Preloaded into a file of tests: the first that fails is told and ends the process. The reporter would tell it once
 * the event loop is free again, which tests that only compute let it be after all of them.
 */
afterEach((context) => {
  const { name, passed } = context as unknown as Ended;
  if (passed) return;
  writeSync(1, `FAILED: ${name}\n`);
  process.exit(1);
});
