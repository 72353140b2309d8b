import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { PATIENCE_MS } from './end-to-end/patience.ts';

/**
 * What the documents say, tried out: commands run as they stand, shown answers are what comes back, links lead somewhere,
 * metrics exist.
 *
 * A block that begins with ```sh is run by `bash` against a fresh `streamlens up`. After `sh` may stand:
 *
 *     no-test: why    it is not run, because it installs, never ends, or needs what is not here
 *     fails           it has to fail, as an example of an error
 *
 * A ```json block right below is the last answer: every field shown has to be there with that value, but for those that
 * hold the present time. The windows of an example that is dated today (`$NOW`) do too.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNNABLE = ['README.md', 'docs/api.md', 'docs/finops.md'];
const WINDOW = ['window_start', 'window_end'];
const VOLATILE: ReadonlySet<string> = new Set(['as_of', 'complete_until', 'lag_ms', 'next_cursor', 'last_activity']);

const documents = [ROOT, join(ROOT, 'docs')].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => relative(ROOT, join(folder, name))),
);

for (const path of RUNNABLE) {
  test(`the commands of ${path} do what it says`, { timeout: 240_000 }, async (t) => {
    const blocks = readBlocks(readText(path));
    assert.ok(blocks.some(({ language, mode }) => language === 'sh' && mode !== 'skipped'));
    // The README is for a checkout.
    const program = await startProgram(t, path === 'README.md' ? ROOT : emptyFolder(t));
    for (const [index, block] of blocks.entries()) {
      if (block.language !== 'sh' || block.mode === 'skipped') continue;
      const below = blocks[index + 1];
      const shown = below?.language === 'json' && below.line === block.endLine + 2 ? below.text : null;
      await t.test(`line ${block.line}`, () => checkBlock(block, shown, program));
    }
  });
}

test('a block that is not run says why', () => {
  const untold = documents.flatMap((path) =>
    readBlocks(readText(path))
      .filter(({ fence }) => /\bno-test\b(?!: \S)/.test(fence))
      .map(({ line }) => `${path}:${line}`),
  );
  assert.deepEqual(untold, []);
});

test('a paragraph and an item of a list take one line each', () => {
  const broken = [...documents, 'bench/findings.md', 'bench/RESULTS.md'].flatMap((path) =>
    wrappedLines(readText(path)).map((line) => `${path}:${line}`),
  );
  assert.deepEqual(broken, []);
});

test('the rule about lines sees a paragraph that goes on, and no table, list or program', () => {
  assert.deepEqual(wrappedLines('One\ntwo.\n\n- a\n- b\n  c\n\n| x |\n| y |\n\n```\na\nb\n```'), [2, 6]);
});

test('every link from one document to another leads to a file and a heading that exist', () => {
  const broken = documents.flatMap((path) =>
    linksOf(readText(path))
      .filter((target) => !leadsSomewhere(path, target))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('the check of links sees a missing file and a missing heading', () => {
  assert.deepEqual(linksOf('[a](docs/nowhere.md) `[no](link)` [b](#nothing)'), ['docs/nowhere.md', '#nothing']);
  assert.equal(leadsSomewhere('README.md', 'docs/nowhere.md'), false);
  assert.equal(leadsSomewhere('README.md', 'docs/operations.md#no-such-heading'), false);
});

test('docs/operations.md explains every metric that the sources define, and no other', () => {
  const text = readText('docs/operations.md');
  const defined = new Set(
    readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => namesIn(readText(join('src', path)), /name: '(streamlens_\w+)',\s+help:/g)),
  );
  assert.ok(defined.size > 15);
  const explained = new Set(namesIn(text, /^\| `(streamlens_\w+)/gm));
  assert.deepEqual([...explained].sort(byName), [...defined].sort(byName));
  const mentioned = namesIn(text, /\b(streamlens_\w+)/g).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  assert.deepEqual(
    mentioned.filter((name) => !defined.has(name)),
    [],
  );
});

test('ARCHITECTURE.md has at most 300 lines and shows every folder of the sources', () => {
  const text = readText('ARCHITECTURE.md');
  assert.ok(text.split('\n').length <= 300);
  const folders = readdirSync(join(ROOT, 'src')).filter((folder) => !text.includes(`\`src/${folder}\``));
  assert.deepEqual(folders, []);
});

interface Block {
  /** What stands behind the three backticks. */
  readonly fence: string;
  readonly language: string;
  readonly mode: 'succeeds' | 'fails' | 'skipped';
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
}

function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\S.*)$/.exec(lines[at] ?? '')?.[1];
    if (fence === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    assert.ok(end > at, `the block in line ${at + 1} does not end`);
    const [language = '', ...rest] = fence.split(' ');
    const mode = rest[0]?.startsWith('no-test') ? 'skipped' : rest[0] === 'fails' ? 'fails' : 'succeeds';
    const text = lines.slice(at + 1, end).join('\n');
    blocks.push({ fence, language, mode, line: at + 1, endLine: end + 1, text });
    at = end;
  }
  return blocks;
}

interface Program {
  readonly ingestionUrl: string;
  readonly metricsUrl: string;
  readonly dataDir: string;
  /** Where its commands run: what they write does not stay. */
  readonly folder: string;
}

/** `streamlens up` on free ports with a data directory of its own; ends with the test. */
async function startProgram(t: TestContext, folder: string): Promise<Program> {
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-docs-'));
  const ports = ['--ingestion-port', '0', '--metrics-port', '0', '--otlp-grpc-port', '0'];
  const child = spawn(process.execPath, [join(ROOT, 'bin/streamlens.js'), 'up', '--data-dir', dataDir, ...ports], {
    cwd: ROOT,
    env: { ...process.env, METRIC_DIMENSIONS: 'user,team' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  });
  const urls = new Map<string, string>();
  for await (const line of createInterface({ input: child.stderr })) {
    const [, role = '', url = ''] = /^(ingestion|metrics) API\s+http:\/\/(localhost:\d+)$/.exec(line) ?? [];
    if (role !== '') urls.set(role, url);
    if (urls.size === 2) break;
  }
  assert.equal(urls.size, 2, 'streamlens up did not start; is it built?');
  child.stderr.resume();
  return { ingestionUrl: urls.get('ingestion') ?? '', metricsUrl: urls.get('metrics') ?? '', dataDir, folder };
}

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamlens-docs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Tries again for a while: a row may be read a moment after its event, and sending an event again changes nothing. */
async function checkBlock(block: Block, shown: string | null, program: Program): Promise<void> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const { isSuccess, output } = await runScript(block.text, program);
    try {
      assert.equal(isSuccess, block.mode === 'succeeds', output);
      const volatile = block.text.includes('$NOW') ? new Set([...VOLATILE, ...WINDOW]) : VOLATILE;
      if (shown !== null) assertShown(JSON.parse(shown), JSON.parse(lastLine(output)), volatile);
      return;
    } catch (error) {
      if (Date.now() > giveUpAtMs) throw error;
      await sleep(500);
    }
  }
}

/** `streamlens` is the built one. `curl` fails where the server answers with an error, and ends its answer with a line feed. */
const PRELUDE = `set -euo pipefail
curl() { command curl --fail-with-body --show-error "$@"; echo; }
streamlens() { "$NODE" "$PROGRAM" "$@"; }
`;

async function runScript(text: string, program: Program): Promise<{ isSuccess: boolean; output: string }> {
  const script = text
    .replaceAll('localhost:8080', program.ingestionUrl)
    .replaceAll('localhost:8081', program.metricsUrl);
  const env = {
    ...process.env,
    BASE_URL: `http://${program.ingestionUrl}`,
    STREAMLENS_DATA_DIR: program.dataDir,
    NODE: process.execPath,
    PROGRAM: join(ROOT, 'bin/streamlens.js'),
  };
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-c', PRELUDE + script],
      { cwd: program.folder, env, timeout: 60_000 },
      (error, stdout, stderr) => {
        const output = stdout.trim() === '' ? stderr : stdout;
        resolve({ isSuccess: error === null, output });
      },
    );
  });
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Every field shown is there; a list may go on after what is shown. */
function assertShown(shown: unknown, answer: unknown, volatile: ReadonlySet<string>, path = ''): void {
  if (typeof shown !== 'object' || shown === null) {
    assert.deepEqual(answer, shown, path);
    return;
  }
  assert.ok(typeof answer === 'object' && answer !== null, `${path} is ${JSON.stringify(answer)}`);
  if (isDeepStrictEqual(shown, []) || isDeepStrictEqual(shown, {})) assert.deepEqual(answer, shown, path);
  for (const [name, value] of Object.entries(shown)) {
    assert.ok(name in answer, `${path}/${name} is missing in ${JSON.stringify(answer)}`);
    if (volatile.has(name)) continue;
    assertShown(value, (answer as Record<string, unknown>)[name], volatile, `${path}/${name}`);
  }
}

/** Targets of links to places in this project. */
function linksOf(markdown: string): string[] {
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return namesIn(text, /\]\(([^)\s]+)\)/g).filter((target) => !/^[a-z]+:/.test(target));
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#', 2);
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, path))) return false;
  return anchor === undefined || anchorsOf(readText(path)).has(anchor);
}

/** The anchors that GitHub and others give to headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = namesIn(markdown.replaceAll(/^```[\s\S]*?^```/gm, ''), /^#+ (.+)$/gm);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}

/** Numbers of lines that go on with the prose of the line above. */
function wrappedLines(markdown: string): number[] {
  const lines = markdown.split('\n');
  let isCode = false;
  return lines.flatMap((line, i) => {
    if (line.startsWith('```')) isCode = !isCode;
    const above = lines[i - 1] ?? '';
    const isOwn = /^\s*([-*+] |\d+\. |[|<>#]|```|$)/.test(line);
    return isCode || isOwn || above === '' || /^(```|[#|<])/.test(above) ? [] : [i + 1];
  });
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
