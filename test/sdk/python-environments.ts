import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Installation, installOnce } from './installation.ts';

const run = promisify(execFile);

const LISTS = fileURLToPath(new URL('apps/python', import.meta.url));
const ENVIRONMENTS = fileURLToPath(new URL('../../.services/sdk-venvs', import.meta.url));
const INSTALL_MS_MAX = 10 * 60_000;

/**
 * Lists of packages that can be installed together, each in `apps/python/<name>.txt`. A list names every package with its version,
 * so nothing is left to resolve: finding versions that fit takes pip minutes, installing them seconds.
 */
export const PACKAGE_LISTS = [
  'openai-v2',
  'shared',
  'traceloop',
  'langchain',
  'openlit',
  'litellm',
  'litellm-proxy',
  'openapi-client',
] as const;
/** Beside them, a tester of the APIs, and one of FOCUS charges with a DuckDB: they are no SDKs. */
export type PackageList = (typeof PACKAGE_LISTS)[number] | 'schemathesis' | 'focus-validator';

export function listFile(list: PackageList): string {
  return `${LISTS}/${list}.txt`;
}

/** Where the programs of an environment are, `python` among them. */
export function binOf(list: PackageList): string {
  return `${ENVIRONMENTS}/${list}/bin`;
}

export function pythonInstallation(list: PackageList): Installation {
  const venv = `${ENVIRONMENTS}/${list}`;
  return { list: listFile(list), marker: `${venv}/installed`, lock: `${venv}.lock` };
}

export interface PythonInstallOptions {
  readonly python?: string;
  readonly pipOptions?: readonly string[];
  /** What is left to do before it counts as installed. */
  readonly finish?: () => void;
}

/** Installs a list into an environment of its own, unless it is there. */
export function installPython(list: PackageList, options: PythonInstallOptions = {}): Promise<void> {
  const { python = 'python3', pipOptions = [], finish } = options;
  return installOnce(pythonInstallation(list), async () => {
    await run(python, ['-m', 'venv', '--clear', `${ENVIRONMENTS}/${list}`], { timeout: INSTALL_MS_MAX });
    // Python compiles what is imported; pip would compile all that is there.
    const args = ['install', '-q', '--no-deps', '--no-compile', ...pipOptions, '-r', listFile(list)];
    await run(`${binOf(list)}/pip`, args, { timeout: INSTALL_MS_MAX });
    finish?.();
  });
}
