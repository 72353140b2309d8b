import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const LISTS = fileURLToPath(new URL('apps/python', import.meta.url));
const ENVIRONMENTS = fileURLToPath(new URL('../../.services/sdk-venvs', import.meta.url));
const INSTALL_MS_MAX = 10 * 60_000;

/**
 * Lists of packages that can be installed together, each in `apps/python/<name>.txt`. A list names every package with its version,
 * so nothing is left to resolve: finding versions that fit takes pip minutes, installing them seconds.
 */
export type PackageList = 'openai-v2' | 'shared' | 'traceloop' | 'openlit' | 'litellm';

export function listFile(list: PackageList): string {
  return `${LISTS}/${list}.txt`;
}

/** Where the programs of an environment are, `python` among them. */
export function binOf(list: PackageList): string {
  return `${ENVIRONMENTS}/${list}/bin`;
}

export function isInstalled(list: PackageList): boolean {
  return existsSync(`${ENVIRONMENTS}/${list}/installed`);
}

/** Installs a list into an environment of its own, unless it is there. */
export async function installPython(list: PackageList): Promise<void> {
  if (isInstalled(list)) return;
  mkdirSync(ENVIRONMENTS, { recursive: true });
  await run('python3', ['-m', 'venv', '--clear', `${ENVIRONMENTS}/${list}`], { timeout: INSTALL_MS_MAX });
  const args = ['install', '-q', '--no-deps', '-r', listFile(list)];
  await run(`${binOf(list)}/pip`, args, { timeout: INSTALL_MS_MAX });
  // Written last: an installation that was cut off is begun again.
  writeFileSync(`${ENVIRONMENTS}/${list}/installed`, '');
}
