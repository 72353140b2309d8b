import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Blocks, blocksOf } from './connect-blocks.ts';
import { binOf, installPython, listFile, type PackageList } from './python-environments.ts';
import { type AppEnvironment, installNodeApps } from './sdk-apps.ts';

const run = promisify(execFile);

const APPS = fileURLToPath(new URL('apps', import.meta.url));
const APP_MS_MAX = 180_000;

/** The line of an application that the block of the page takes the place of. */
const PLACE = /^(#|\/\/) The block of docs\/connect\.md stands here\.$/m;

/** An application that pastes a block of docs/connect.md, and calls a model. */
export interface DocumentedApp {
  /** Heading of the block, such as `Python / OpenLIT`. */
  readonly heading: string;
  /** Heading of the blocks that the page says go before it: a tracer provider, or the tenant of the whole process. */
  readonly afterHeading?: string;
  /** File below `apps/`. Those for Node.js lie in a folder of a folder with a `package.json`. */
  readonly file: string;
  /** What stands in the configuration file before the block of the page. */
  readonly config?: string;
  /** The Python packages it runs with. Absent: it is a Node.js application. */
  readonly packages?: PackageList;
}

/** Installs what an application needs, unless it is there. */
export function installFor(app: DocumentedApp): Promise<void> {
  return app.packages === undefined ? installNodeApps(dirname(dirname(app.file))) : installPython(app.packages);
}

/** Packages that the page tells to install and that the application is not tried with. */
export function packagesMissing(app: DocumentedApp): string[] {
  const file = app.packages === undefined ? `${nodeFolderOf(app)}/package.json` : listFile(app.packages);
  const list = readFileSync(file, 'utf8').toLowerCase();
  return blocksOf(app.heading).packages.filter((name) => !new RegExp(`^(${name}==| *"${name}":)`, 'm').test(list));
}

/** Does what the page tells to do for an SDK, and ends when its exporter has flushed. @throws with its output when it fails */
export async function runDocumentedApp(app: DocumentedApp, environment: AppEnvironment): Promise<void> {
  const isPython = app.packages !== undefined;
  const program = isPython ? 'app.py' : 'app.mjs';
  const first = app.afterHeading === undefined ? undefined : blocksFor(environment, app.afterHeading);
  const own = blocksFor(environment, app.heading);
  const dir = mkdtempSync(join(tmpdir(), 'streamlens-connect-'));
  try {
    writeFileSync(join(dir, program), pasted(`${APPS}/${app.file}`, `${first?.code ?? ''}\n${own.code}`));
    writeFileSync(join(dir, 'run.sh'), shellOf(first, own, isPython ? `python ${program}` : `node ${program}`));
    if (own.config !== '') writeFileSync(join(dir, 'config.yaml'), `${app.config ?? ''}\n${own.config}`);
    const setup = /^\/\/ (instrumentation\.mjs)/.exec(own.code)?.[1];
    if (setup !== undefined) writeFileSync(join(dir, setup), own.code);
    if (!isPython) symlinkSync(`${nodeFolderOf(app)}/node_modules`, join(dir, 'node_modules'));
    const bin = isPython ? binOf(app.packages) : dirname(process.execPath);
    await run('bash', ['-eu', 'run.sh'], { cwd: dir, env: environmentOf(environment, bin), timeout: APP_MS_MAX });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function blocksFor({ streamLensUrl, env = {} }: AppEnvironment, heading: string): Blocks {
  const { packages, shell, code, config } = blocksOf(heading);
  const addressed = (text: string) => text.replaceAll('http://localhost:8080', streamLensUrl);
  const isOurs = (line: string) => Object.keys(env).some((name) => line.startsWith(`export ${name}=`));
  const lines = addressed(shell).split('\n');
  return { packages, shell: lines.filter((line) => !isOurs(line)).join('\n'), code: addressed(code), config };
}

/** The application with the block in its place. `...` and `// calls of the model` in a block are where it calls the model. */
function pasted(file: string, block: string): string {
  const code = block
    .replace(/^( +)\.\.\.$/m, '$1call_model()')
    .replace(/\/\/ calls of the model/, 'await callModel();');
  return readFileSync(file, 'utf8').replace(PLACE, () => code);
}

function shellOf(first: Blocks | undefined, { shell }: Blocks, plainStart: string): string {
  const starts = /^(opentelemetry-instrument|node) /m.test(shell);
  // A server that the page starts runs beside the application, and ends with it.
  const beside = shell.replace(/^litellm .*$/m, '$& --port "$PROXY_PORT" > proxy.log 2>&1 &');
  return [
    "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT",
    first?.shell ?? '',
    beside,
    starts ? '' : plainStart,
  ].join('\n');
}

function nodeFolderOf({ file }: DocumentedApp): string {
  return `${APPS}/${dirname(dirname(file))}`;
}

/** What surrounds the application: where its model is. */
function environmentOf({ modelUrl, env }: AppEnvironment, bin: string): Record<string, string> {
  return {
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: process.env['HOME'] ?? '',
    PYTHONPATH: `${APPS}/python`,
    // Else it writes its bytecode among our files.
    PYTHONDONTWRITEBYTECODE: '1',
    OPENAI_BASE_URL: modelUrl,
    OPENAI_API_BASE: modelUrl,
    OPENAI_API_KEY: 'none',
    ANTHROPIC_BASE_URL: modelUrl.replace(/\/v1$/, ''),
    ANTHROPIC_API_KEY: 'none',
    ...env,
  };
}
