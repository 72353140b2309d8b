import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { setPriority } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/**
 * Runs every test in two lanes side by side, each file by file. `node --test` alone takes one file after the other on
 * two cores, and most of the time of most files is waiting: for a broker's session, an installation, a page.
 *
 * All that starts a Kafka or a Postgres is in one lane, so that two clusters never compete. The lanes take about as long
 * as each other.
 */
const LANES: readonly (readonly string[])[] = [
  [
    'test/newcomer/**/*.test.ts',
    'test/distributed/**/*.test.ts',
    'test/prometheus/**/*.test.ts',
    'test/simulation/**/*.test.ts',
    'test/deploy/**/*.test.ts',
    'test/package.test.ts',
    'test/sdk/api-fuzz.test.ts',
    'test/sdk/export-files.test.ts',
    'test/sdk/generated-clients.test.ts',
  ],
  ['src/**/*.test.ts', 'test/**/*.test.ts'],
];

const FILE_MS_MAX = 1_500_000;

/** Behind the tests, and not so far that one which waits for an installation would wait for ever. */
const INSTALLING_PRIORITY = 10;

/** What the applications of `test/sdk` install has tests of its own. */
const exclude = (path: string): boolean => path.includes('node_modules');

const taken = new Set<string>();
const lanes = LANES.map((patterns) => {
  const files = patterns.flatMap((pattern) => globSync(pattern, { exclude }).sort()).filter((file) => !taken.has(file));
  for (const file of files) taken.add(file);
  return files;
});

const installing = spawn(process.execPath, ['test/sdk/install-all.ts'], { stdio: 'ignore' });
installing.unref();
process.once('exit', () => installing.kill());
if (installing.pid !== undefined) setPriority(installing.pid, INSTALLING_PRIORITY);

for (const files of lanes) {
  const tests = run({ files, concurrency: 1, timeout: FILE_MS_MAX });
  tests.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  tests.compose(new spec()).pipe(process.stdout, { end: false });
}
