#!/usr/bin/env node
// Runs on Node 20 or newer and hands over to Node 24, which the program needs: this one, or the project's own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const main = new URL('../dist/cli/main.js', import.meta.url);
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];

// Memory that bursts leave behind, given back. glibc raises its threshold for large blocks with the first one that is freed, and
// keeps all below it for ever: 60 to 80 MB, and 35 MB more in heaps of its own for each thread. V8 keeps up to 48 MB a thread for
// young objects, where 12 are as fast for this program. Both are read when a process starts, hence the second start, which takes
// 15 ms. What the user sets himself wins.
const MALLOC = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' };
const YOUNG_OBJECTS = '--max-semi-space-size=4';
const { NODE_OPTIONS: options = '' } = process.env;
const isTuned = options.includes('--max-semi-space-size') && Object.keys(MALLOC).every((name) => name in process.env);
const env = { ...MALLOC, ...process.env, NODE_OPTIONS: `${YOUNG_OBJECTS} ${options}`.trim() };

if (!existsSync(fileURLToPath(main))) {
  process.stderr.write('streamlens: this checkout is not built yet; run "npm install" or "npm run build"\n');
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  if (process.platform === 'linux' && !isTuned) {
    process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...args], env);
  }
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  if (!existsSync(own)) {
    process.stderr.write(`streamlens: needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}\n`);
    process.exit(2);
  }
  const child = spawn(own, args, { stdio: 'inherit', env });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}
