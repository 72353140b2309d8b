#!/usr/bin/env node
// Runs on Node 20 or newer and hands over to Node 24, which the program needs: this one, or the project's own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NEEDED_MAJOR = 24;
const LAUNCHER_PID = 'STREAMLENS_LAUNCHER_PID';
const main = new URL('../dist/cli/main.js', import.meta.url);
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];

// What the program does not need is given back, or not taken. These are read when a process starts, hence a second start, which
// takes 15 ms; what the user sets himself stands. What each gains: bench/findings.md, "Recovery and open joins".
const ALLOCATOR = {
  // glibc raises its threshold for large blocks with the first that is freed, and keeps all below it for ever: 60 to 80 MB.
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
  // A heap of its own for each thread took 35 MB, one for all but the main thread 10. One for all is as fast.
  MALLOC_ARENA_MAX: '1',
};
// V8 keeps up to 48 MB for young objects. In `up`, where the main thread is one of four, 12 are as fast. Other threads have limits of
// their own, and a role by itself may take what it is given: questions take a fifth more with 24.
const UP_YOUNG_OBJECTS = '--max-semi-space-size=4';

// V8 puts what outlived its first collections among the old objects at once, from then on. Events on their way do outlive some, but all
// end within a second: whether it happened to notice while it warmed up made a fifth more CPU in one start of two, and 110 MB.
// bench/findings.md, "Objects that V8 takes for old".
setFlagsFromString('--no-allocation-site-pretenuring');

if (process.argv[2] === 'health' && !process.argv.includes('--help') && !process.argv.includes('-h')) {
  const { health } = await import('./health.js');
  await health(process.argv.slice(3));
} else {
  await start();
}

async function start() {
  if (!existsSync(fileURLToPath(main))) {
    process.stderr.write('streamlens: this checkout is not built yet; run "npm install" or "npm run build"\n');
    process.exit(1);
  }

  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
    if (process.platform === 'linux') startAgainTuned();
    endWithLauncher();
    const { main: run } = await import(main.href);
    await run(process.argv.slice(2));
  } else {
    if (!existsSync(own)) {
      const isCheckout = existsSync(fileURLToPath(new URL('../src', import.meta.url)));
      const advice = isCheckout ? '; "npm rebuild node" brings the one of this checkout' : '';
      process.stderr.write(`streamlens: needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}${advice}\n`);
      process.exit(2);
    }
    const child = spawn(own, args, { stdio: 'inherit', env: { ...process.env, [LAUNCHER_PID]: String(process.pid) } });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
  }
}

/**
 * A launcher that is killed with SIGKILL can tell nobody, and its child would keep ports and data directory: so the child looks who its
 * parent is. It then stops as for SIGTERM. By the process id and not by a pipe, which the second start would close.
 */
function endWithLauncher() {
  const launcher = Number(process.env[LAUNCHER_PID]);
  delete process.env[LAUNCHER_PID];
  if (!(launcher > 0)) return;
  const timer = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  timer.unref();
}

/** Returns where all is said already, or cannot be. */
function startAgainTuned() {
  const { NODE_OPTIONS: said = '' } = process.env;
  const isLimited = process.argv[2] === 'up' && !said.includes('max-semi-space-size');
  if (!isLimited && Object.keys(ALLOCATOR).every((name) => name in process.env)) return;
  const env = { ...ALLOCATOR, ...process.env };
  if (isLimited) env.NODE_OPTIONS = `${UP_YOUNG_OBJECTS} ${said}`.trim();
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...args], env);
}
