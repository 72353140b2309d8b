// What npm runs after `npm install` in a checkout. Plain JavaScript, since it runs on whatever Node npm runs on.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const root = fileURLToPath(new URL('..', import.meta.url));
const own = `${root}node_modules/node/bin/node`;

if (!existsSync(`${root}node_modules/esbuild`)) {
  say(
    'The program was not built: development dependencies were left out. Build it with "npm install && npm run build".',
  );
} else if (!existsSync(own) && Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) {
  say(`The program was not built: it needs Node ${NEEDED_MAJOR}, this is ${process.version}, and npm did not run the`);
  say('install script of the package "node", which brings one. "npm rebuild node" runs it; then "npm run build".');
} else {
  const node = existsSync(own) ? own : process.execPath;
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` };
  process.exitCode = spawnSync(node, [`${root}scripts/build.ts`], { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`streamlens: ${line}\n`);
}
