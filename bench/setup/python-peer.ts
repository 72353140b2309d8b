import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { servicesDirectory } from '../../scripts/services/services-directory.ts';
import { ROOT } from './program.ts';

const run = promisify(execFile);
const INSTALL_MS_MAX = 20 * 60_000;

/** Installs what `bench/peers/NAME` lists with pip into an environment of its own, unless it is there. @returns its programs */
export async function installPythonPeer(name: string): Promise<string> {
  const list = join(ROOT, 'bench/peers', name, 'requirements.txt');
  const venv = join(servicesDirectory(), `bench-${name}`);
  const marker = join(venv, 'installed');
  const wanted = readFileSync(list, 'utf8');
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    console.log(`Installing ${wanted.trim()} …`);
    await run('python3', ['-m', 'venv', '--clear', venv], { timeout: INSTALL_MS_MAX });
    await run(join(venv, 'bin/pip'), ['install', '-q', '-r', list], { timeout: INSTALL_MS_MAX });
    writeFileSync(marker, wanted);
  }
  return join(venv, 'bin');
}
