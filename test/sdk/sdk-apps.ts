import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { binOf, installPython, isInstalled } from './python-environments.ts';

const run = promisify(execFile);

const NODE_APPS = fileURLToPath(new URL('apps/node', import.meta.url));
const PYTHON_APPS = fileURLToPath(new URL('apps/python', import.meta.url));
const INSTALL_MS_MAX = 10 * 60_000;
const APP_MS_MAX = 90_000;

/** Why the applications cannot run here, or false. They take 450 MB, so nobody gets them without asking. */
export function skipWithoutSdks(): string | false {
  const isWanted = process.env['STREAMLENS_REQUIRE_ALL_SUITES'] === '1' || process.env['STREAMLENS_SDK_TESTS'] === '1';
  if (isWanted || (existsSync(`${NODE_APPS}/node_modules/ai`) && isInstalled('openai-v2'))) {
    return false;
  }
  return 'the SDKs are not installed: `npm run test:sdk` installs and tests them (450 MB)';
}

/** Installs the SDKs of the Node applications, as their lock file has them. */
export async function installNodeApps(): Promise<void> {
  if (existsSync(`${NODE_APPS}/node_modules/ai`)) return;
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--omit=dev'], {
    cwd: NODE_APPS,
    timeout: INSTALL_MS_MAX,
  });
}

/** Installs the SDKs of the Python application into an environment of its own. */
export function installPythonApps(): Promise<void> {
  return installPython('openai-v2');
}

/** Where an application calls its model, and where it sends its spans. */
export interface AppEnvironment {
  readonly modelUrl: string;
  readonly streamLensUrl: string;
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
