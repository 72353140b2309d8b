import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

/**
 * Which folder may import which; each permission is used. `app` is the one place that knows every part, `cli` the one that
 * knows `app`.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  clock: [],
  events: [],
  exposition: [],
  storage: [],
  sqlite: ['exposition', 'storage'],
  tally: [],
  threads: [],
  tracing: [],
  settings: [],
  'event-log': ['clock', 'events', 'exposition', 'storage', 'sqlite', 'threads'],
  'metrics-store': ['events', 'exposition', 'storage', 'sqlite', 'tally'],
  'schema-registry': ['storage'],
  prices: ['tally', 'metrics-store'],
  'metrics-processor': [
    'events',
    'exposition',
    'reports',
    'tally',
    'http',
    'storage',
    'event-log',
    'metrics-store',
    'prices',
    'tracing',
  ],
  reports: ['events', 'tally'],
  reconciliation: [],
  otlp: ['events', 'exposition', 'reports', 'http'],
  http: ['events', 'exposition', 'tracing'],
  'api-keys': ['events', 'http', 'metrics-store'],
  'ingestion-api': ['events', 'exposition', 'storage', 'event-log', 'http', 'otlp', 'api-keys', 'tracing'],
  'metrics-api': ['events', 'exposition', 'reconciliation', 'tally', 'http', 'metrics-store', 'prices', 'tracing'],
  // Types only: what the answers are.
  dashboard: ['metrics-api'],
  app: ['*'],
  commands: ['events', 'event-log', 'metrics-store', 'prices', 'reconciliation'],
  cli: ['app', 'settings', 'commands', 'events', 'reconciliation'],
};

/** What a folder must not reach, not even through others: servers know no role, and no role knows another or its port. */
const MUST_NOT_REACH: Readonly<Record<string, readonly string[]>> = {
  http: ['metrics-processor', 'metrics-store', 'prices', 'event-log', 'tally'],
  'event-log': ['metrics-store', 'http'],
  'metrics-store': ['event-log', 'http', 'prices'],
  prices: ['event-log', 'http'],
  'schema-registry': ['event-log', 'http'],
  otlp: ['event-log', 'metrics-store'],
  'ingestion-api': ['metrics-processor', 'metrics-api', 'prices'],
  'metrics-processor': ['ingestion-api', 'metrics-api', 'otlp', 'api-keys'],
  'metrics-api': ['ingestion-api', 'metrics-processor', 'event-log', 'otlp', 'api-keys'],
  dashboard: ['ingestion-api', 'metrics-processor', 'event-log', 'otlp', 'api-keys'],
};

/** Each stands on the folders below it, and none of them on another. */
const ROLES = ['ingestion-api', 'metrics-processor', 'metrics-api'] as const;
const STOREYS_MAX = 7;

/** Each file in these is named by a test, which imports it. */
const TESTED = /^src\/(?:tally|prices|settings|metrics-processor\/core\/join|dashboard)\/[^/]+\.ts$/;

/** A hook runs in a component alone; the browser tests see what it does. */
const isHook = ({ text }: SourceFile): boolean => text.includes("from 'preact/hooks'");

/** A file whose statements are types has nothing that could run. */
const isTypesOnly = ({ text }: SourceFile): boolean =>
  text.split('\n').every((line) => /^(?:$|[\s}/]|(?:import|export) type\b|(?:export )?interface\b)/.test(line));

/** Folders that hold an adapter of a port: only `app` chooses one. */
const ADAPTERS = /\/(sqlite|kafka|postgres|memory)\//;

const ALLOWED_NAMES = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|property\.test))?\.tsx?$/;
const VAGUE_NAMES = /^(utils?|helpers?|common|misc|index)\b/;

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

function filesBelow(directory: string): SourceFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));
}

const sources = filesBelow(SRC);
const product = sources.filter(({ path }) => !/\.(test|contract)\.ts$/.test(path));

function importsOf({ path, text }: SourceFile): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    relative(ROOT, join(ROOT, dirname(path), target)),
  );
}

const folderOf = (path: string): string => path.split('/')[1] ?? '';

function violations(files: readonly SourceFile[], rule: (file: SourceFile) => readonly string[]): string[] {
  return files.flatMap((file) => rule(file).map((what) => `${file.path}: ${what}`));
}

test('the rules see the sources', () => {
  assert.ok(product.length > 100, `only ${product.length} files were found`);
});

test('a folder imports only what the architecture allows it', () => {
  const rule = (file: SourceFile) => {
    const folder = folderOf(file.path);
    const allowed = MAY_IMPORT[folder];
    if (allowed === undefined) return [`the folder src/${folder} is not in the architecture`];
    if (allowed.includes('*')) return [];
    return importsOf(file).filter((target) => folderOf(target) !== folder && !allowed.includes(folderOf(target)));
  };
  assert.deepEqual(violations(product, rule), []);
});

test('the rule about imports catches a folder that reaches up', () => {
  const file = { path: 'src/events/topics.ts', text: "import { x } from '../app/up.ts';" };
  assert.deepEqual(importsOf(file).map(folderOf), ['app']);
});

test('no permission to import is there that nothing uses', () => {
  const used = folderArrows(product);
  const unused = Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) =>
    allowed.filter((target) => target !== '*' && !used.get(folder)?.has(target)).map((target) => `${folder} ${target}`),
  );
  assert.deepEqual(unused, []);
});

test('a folder reaches nothing that it must not know, through whatever lies between', () => {
  const arrows = folderArrows(product);
  const found = Object.entries(MUST_NOT_REACH).flatMap(([folder, forbidden]) =>
    forbidden
      .filter((target) => reachedFrom(folder, arrows).has(target))
      .map((target) => `${folder} reaches ${target}`),
  );
  assert.deepEqual(found, []);
});

test('the rule about reach sees what a folder reaches through another', () => {
  const files = [
    { path: 'src/http/server.ts', text: "import { x } from '../events/topics.ts';" },
    { path: 'src/events/topics.ts', text: "import { y } from '../prices/cost.ts';" },
  ];
  assert.deepEqual([...reachedFrom('http', folderArrows(files))], ['events', 'prices']);
});

test('the three roles stand side by side, on few storeys', () => {
  const arrows = folderArrows(product);
  const storeyOf = (folder: string): number => 1 + Math.max(0, ...[...(arrows.get(folder) ?? [])].map(storeyOf));
  assert.equal(new Set(ROLES.map(storeyOf)).size, 1, ROLES.map((role) => `${role}: ${storeyOf(role)}`).join(', '));
  assert.ok(storeyOf('cli') <= STOREYS_MAX, `${storeyOf('cli')} storeys`);
});

test('no file imports itself, not even through others', () => {
  assert.deepEqual(circlesOf(product), []);
});

test('the rule about circles finds one of three files', () => {
  const [a, b, c] = ['src/x/a.ts', 'src/x/b.ts', 'src/x/c.ts'];
  const files = [
    { path: a, text: "import { b } from './b.ts';" },
    { path: b, text: "import type { c } from './c.ts';" },
    { path: c, text: "import { a } from './a.ts';" },
  ];
  assert.deepEqual(circlesOf(files), [`${a} → ${b} → ${c} → ${a}`]);
  assert.deepEqual(circlesOf(files.slice(0, 2)), []);
});

test('only app chooses an adapter', () => {
  const rule = (file: SourceFile) =>
    folderOf(file.path) === 'app'
      ? []
      : importsOf(file).filter((target) => ADAPTERS.test(target) && adapterOf(target) !== adapterOf(file.path));
  assert.deepEqual(violations(product, rule), []);
});

function adapterOf(path: string): string | undefined {
  return ADAPTERS.exec(path)?.[1];
}

test('the core has no clock, no randomness, no waiting and no process', () => {
  const impure =
    /\b(await|async|Date\.now|performance\.|Math\.random|process\.(?:[a-z]+Usage|env|argv|exit|hrtime|nextTick|on|pid|std\w+|uptime|version)|setTimeout|setInterval)|'node:(?!assert|test)/;
  const core = product.filter(({ path }) =>
    /^src\/(?:metrics-processor\/core|reports|reconciliation|tally)\//.test(path),
  );
  assert.ok(core.length > 10);
  const rule = ({ text }: SourceFile) =>
    withoutComments(text)
      .split('\n')
      .filter((line) => impure.test(line));
  assert.deepEqual(violations(core, rule), []);
});

test('files are named for one concept', () => {
  const rule = ({ path }: SourceFile) => {
    const name = basename(path);
    return ALLOWED_NAMES.test(name) && !VAGUE_NAMES.test(name) ? [] : ['is no kebab-case name of a concept'];
  };
  assert.deepEqual(violations(sources, rule), []);
});

test('each file of the sums, prices, settings, the join and the logic of the page is named by a test', () => {
  const tests = [...sources, ...filesBelow(join(ROOT, 'test'))].filter(({ path }) =>
    /\.(test|contract)\.ts$/.test(path),
  );
  const named = new Set(tests.flatMap(importsOf));
  const rule = (file: SourceFile) =>
    TESTED.test(file.path) && !named.has(file.path) && !isHook(file) && !isTypesOnly(file)
      ? ['is named by no test']
      : [];
  assert.deepEqual(violations(product, rule), []);
});

test('the rule about tests takes neither a hook nor mere types for logic, and nothing else for either', () => {
  const file = (text: string): SourceFile => ({ path: 'src/dashboard/x.ts', text });
  const types =
    "import type { A } from './a.ts';\n/** Says. */\nexport type B =\n  A;\nexport interface C {\n  d: A;\n}\n";
  assert.deepEqual([isTypesOnly(file(types)), isHook(file(types))], [true, false]);
  for (const text of ['export const a = 1;', 'run();', "import './a.ts';", "import { a } from './a.ts';"]) {
    assert.equal(isTypesOnly(file(`${types}${text}\n`)), false, text);
  }
  assert.ok(isHook(file("import { useState } from 'preact/hooks';")));
});

test('a file has at most 400 lines', () => {
  const rule = ({ text }: SourceFile) => {
    const lines = text.split('\n').length;
    return lines > 400 ? [`${lines} lines`] : [];
  };
  assert.deepEqual(violations(sources, rule), []);
});

test('comments keep to 120 columns', () => {
  const rule = ({ text }: SourceFile) => text.split('\n').filter((line) => isComment(line) && line.length > 120);
  assert.deepEqual(violations(sources, rule), []);
});

test('nothing is left to do later', () => {
  const rule = ({ text }: SourceFile) => (/\b(TODO|FIXME|XXX|HACK)\b/.test(text) ? ['holds a note to do later'] : []);
  assert.deepEqual(violations(product, rule), []);
});

test('the environment is read by the command line only', () => {
  const rule = ({ path, text }: SourceFile) =>
    text.includes('process.env') && folderOf(path) !== 'cli' ? ['reads process.env'] : [];
  assert.deepEqual(violations(product, rule), []);
});

const isComment = (line: string): boolean => /^\s*(\*|\/\/|\/\*)/.test(line);

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');
}

/** The folders that each folder imports. */
function folderArrows(files: readonly SourceFile[]): ReadonlyMap<string, ReadonlySet<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = folderOf(file.path);
    const targets = arrows.get(folder) ?? new Set();
    arrows.set(folder, targets);
    for (const target of importsOf(file)) if (folderOf(target) !== folder) targets.add(folderOf(target));
  }
  return arrows;
}

function reachedFrom(folder: string, arrows: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const target of arrows.get(next) ?? []) {
      if (reached.has(target)) continue;
      reached.add(target);
      open.push(target);
    }
  }
  return reached;
}

/** Circles of imports, types included, each once: as the walk into the depth meets them. */
function circlesOf(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) circles.push([...way.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return circles;
}
