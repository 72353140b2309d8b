#!/usr/bin/env node
// Runs on Node 20 or newer and hands over to Node 24, which the program needs: this one, or the project's own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const main = new URL('../dist/cli/main.js', import.meta.url);

if (!existsSync(fileURLToPath(main))) {
  process.stderr.write('streamlens: this checkout is not built yet; run "npm install" or "npm run build"\n');
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(own)) {
    process.stderr.write(`streamlens: needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}\n`);
    process.exit(2);
  }
  const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}
