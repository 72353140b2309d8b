import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundledPackages, sbom } from '../scripts/sbom.ts';

/** What a user gets by `npm install streamlens`; that it runs is seen by `test/newcomer`. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Each file of the package is one of these, and each of these is there. */
const CONTENTS: readonly RegExp[] = [
  /^(LICENSE|README\.md|ARCHITECTURE\.md|CHANGELOG\.md|CODE_OF_CONDUCT\.md|CONTRIBUTING\.md|SECURITY\.md)$/,
  /^package\.json$/,
  /^bin\/(streamlens|health)\.js$/,
  /^dist\/THIRD_PARTY_NOTICES\.txt$/,
  /^dist\/cli\/main\.js$/,
  /^dist\/app\/threads\/[a-z]+-thread\.js$/,
  /^dist\/event-log\/sqlite\/append-thread\.js$/,
  /^dist\/chunks\/[A-Za-z0-9.-]+-[A-Z0-9]{8}\.js$/,
  /^dist\/metrics-store\/(sqlite|postgres)\/sql\/[a-z0-9-]+\.sql$/,
  /^dist\/dashboard\/(index\.html|[a-z-]+-[A-Z0-9]{8}\.(js|css|svg))$/,
  /^docs\/[a-z-]+\.(md|svg)$/,
  /^docs\/images\/[a-z-]+\.(svg|png)$/,
];

const PACKED_BYTES_MAX = 2_000_000;
const UNPACKED_BYTES_MAX = 8_400_000;

/** Licences that ask for their text to be handed on, which the notices do, and for nothing else. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0']);

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
  readonly bundled: readonly string[];
}

interface Manifest {
  readonly license?: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

let packed: Packed;

before(() => {
  assert.ok(existsSync(join(ROOT, 'dist/cli/main.js')), 'run "npm run build" first');
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const said = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })) as unknown;
  // npm 12 answers with an object by name, those before with a list.
  packed = Object.values(said as Record<string, Packed>)[0] as Packed;
});

test('the package holds the program, its documents and its licences, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  const strangers = paths.filter((path) => !CONTENTS.some((expected) => expected.test(path)));
  assert.deepEqual(strangers, []);
  for (const expected of CONTENTS)
    assert.ok(
      paths.some((path) => expected.test(path)),
      `nothing is ${expected}`,
    );
  assert.deepEqual(packed.bundled, []);
});

test('the package stays small', () => {
  const { size, unpackedSize } = packed;
  assert.ok(size < PACKED_BYTES_MAX && unpackedSize < UNPACKED_BYTES_MAX, `${size} bytes, unpacked ${unpackedSize}`);
});

test('what was built needs Node and the two libraries that are installed beside it', async () => {
  const entryPoints = packed.files
    .map(({ path }) => path)
    .filter((path) => /^(bin|dist\/(cli|app|event-log))\/.*\.js$/.test(path));
  assert.ok(entryPoints.length >= 6, entryPoints.join());
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: 'out',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  const outside = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external, path }) => external === true && !path.startsWith('node:')).map(({ path }) => path),
  );
  const isBuiltIn = (path: string): boolean => process.getBuiltinModule(path) !== undefined;
  const libraries = new Set(outside.filter((path) => !isBuiltIn(path)));
  const { dependencies } = readManifest('package.json');
  assert.deepEqual([...libraries].sort(), Object.keys(dependencies).sort());
});

test('every bundled library has a licence that may be handed on', () => {
  const bundled = bundledPackages();
  assert.ok(bundled.length >= 40, `${bundled.length} packages`);
  for (const id of bundled) {
    const at = id.lastIndexOf('@');
    const license = licenceOf(id.slice(0, at), id.slice(at + 1));
    assert.ok(PERMISSIVE.has(license), `${id}: ${license}`);
  }
});

test('every library that is installed beside it has a licence that may be handed on', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; license?: string }>;
  };
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  assert.ok(installed.length >= 20);
  for (const [path, { license = 'none' }] of installed) assert.ok(PERMISSIVE.has(license), `${path}: ${license}`);
});

test('the bill of materials names what is bundled and what is installed, and no tool of development', () => {
  const { bomFormat, specVersion, components, dependencies } = sbom();
  assert.deepEqual([bomFormat, specVersion], ['CycloneDX', '1.5']);
  const ids = new Set(components.map(({ name, version }) => `${name}@${version}`));
  for (const id of bundledPackages()) assert.ok(ids.has(id), `${id} is missing`);
  const names = new Set(components.map(({ name }) => name));
  for (const name of Object.keys(readManifest('package.json').dependencies)) assert.ok(names.has(name), name);
  for (const tool of ['typescript', 'esbuild', 'oxlint', 'knip', 'playwright-core']) assert.ok(!names.has(tool), tool);
  for (const { purl } of components) assert.match(purl, /^pkg:npm\/.+@\d/);
  const refs = new Set(components.map((component) => component['bom-ref']));
  for (const { dependsOn } of dependencies)
    for (const ref of dependsOn) assert.ok(refs.has(ref), `${ref} is no component`);
});

/** Of the copy with this version, wherever npm put it. */
function licenceOf(name: string, version: string): string {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; license?: string }>;
  };
  const found = Object.entries(packages).find(
    ([path, entry]) => path.endsWith(`node_modules/${name}`) && entry.version === version,
  );
  return found?.[1].license ?? 'none';
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest;
}
