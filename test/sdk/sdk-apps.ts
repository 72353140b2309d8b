import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Installation, installOnce, isInstalled } from './installation.ts';
import { binOf, installPython, PACKAGE_LISTS, pythonInstallation } from './python-environments.ts';

const run = promisify(execFile);

const APPS = fileURLToPath(new URL('apps', import.meta.url));
const LOCKS = fileURLToPath(new URL('../../.services', import.meta.url));
const NODE_APPS = fileURLToPath(new URL('apps/node', import.meta.url));
const PYTHON_APPS = fileURLToPath(new URL('apps/python', import.meta.url));
const INSTALL_MS_MAX = 10 * 60_000;
const APP_MS_MAX = 180_000;

/** Why the applications cannot run here, or false. They take 4.1 GB, so nobody gets them without asking. */
export function skipWithoutSdks(): string | false {
  const isWanted = process.env['STREAMLENS_REQUIRE_ALL_SUITES'] === '1' || process.env['STREAMLENS_SDK_TESTS'] === '1';
  const all = [...PACKAGE_LISTS.map(pythonInstallation), ...NODE_FOLDERS.map(nodeInstallation)];
  if (isWanted || all.every(isInstalled)) {
    return false;
  }
  return 'the SDKs are not installed: `npm run test:sdk` installs and tests them (4.1 GB)';
}

/** Folders below `apps/` with a `package.json`. */
export const NODE_FOLDERS = ['node', 'node-ai-4', 'node-ai-5', 'node-ai-6', 'openapi-clients', 'agents'] as const;

/** Installs the SDKs of the Node applications, as the lock file of their folder has them. */
export function installNodeApps(folder: string = 'node'): Promise<void> {
  return installOnce(nodeInstallation(folder), async () => {
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--omit=dev'];
    await run('npm', args, { cwd: `${APPS}/${folder}`, timeout: INSTALL_MS_MAX });
  });
}

function nodeInstallation(folder: string): Installation {
  const modules = `${APPS}/${folder}/node_modules`;
  return { list: `${APPS}/${folder}/package.json`, marker: `${modules}/.installed`, lock: `${LOCKS}/${folder}.lock` };
}

/** Installs the SDKs of the Python application into an environment of its own. */
export function installPythonApps(): Promise<void> {
  return installPython('openai-v2');
}

/** Where an application calls its model, and where it sends its spans. */
export interface AppEnvironment {
  readonly modelUrl: string;
  readonly streamLensUrl: string;
  /** What the page says to set beside a block, or instead of a line of it: an API key. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs one application to its end; its exporter has flushed by then. @throws with its output when it fails */
export async function runNodeApp(name: string, environment: AppEnvironment): Promise<void> {
  await run(process.execPath, [`${NODE_APPS}/${name}`], { env: environmentOf(environment), timeout: APP_MS_MAX });
}

export async function runPythonApp(name: string, environment: AppEnvironment): Promise<void> {
  const bin = binOf('openai-v2');
  const env = {
    ...environmentOf(environment),
    OTEL_SERVICE_NAME: 'python-app',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
  };
  await run(`${bin}/opentelemetry-instrument`, [`${bin}/python`, `${PYTHON_APPS}/${name}`], {
    env,
    timeout: APP_MS_MAX,
  });
}

function environmentOf({ modelUrl, streamLensUrl }: AppEnvironment): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    MODEL_URL: modelUrl,
    STREAMLENS_URL: streamLensUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: streamLensUrl,
  };
}
