import { cp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildDashboard } from './build-dashboard.ts';
import { thirdPartyNotices } from './third-party-notices.ts';

/**
 * Builds `dist`: one file per program entry and per thread, plus the chunks they share.
 *
 * Bundled because `streamlens up` has to be ready within a second: resolving some thousand small files of the
 * libraries took longer than running them. What loads native parts or finds files of its own stays outside.
 */
const root = fileURLToPath(new URL('..', import.meta.url));

const ENTRIES = [
  'src/cli/main.ts',
  'src/app/threads/processor-thread.ts',
  'src/app/threads/query-thread.ts',
  'src/app/threads/key-thread.ts',
  'src/app/threads/otlp-thread.ts',
  'src/event-log/sqlite/append-thread.ts',
];

const EXTERNAL = ['pg', '@platformatic/kafka'];

/** CommonJS libraries inside an ES module ask for Node's own modules by `require`. */
const REQUIRE =
  "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);";

await rm(`${root}/dist`, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  metafile: true,
  entryPoints: ENTRIES,
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: true,
  sourcesContent: false,
  // Each thread keeps the text of what it runs: without what it is laid out with, 2 MB less in `up`. Names stay, and lines.
  minifyWhitespace: true,
  lineLimit: 120,
  // The licences stand together in THIRD_PARTY_NOTICES.txt.
  legalComments: 'none',
  external: EXTERNAL,
  banner: { js: REQUIRE },
  logLevel: 'warning',
});
for (const store of ['postgres', 'sqlite']) {
  await cp(`${root}/src/metrics-store/${store}/sql`, `${root}/dist/metrics-store/${store}/sql`, { recursive: true });
}
const pageInputs = await buildDashboard(root);
const inputs = [...Object.keys(metafile.inputs), ...pageInputs];
await writeFile(`${root}/dist/THIRD_PARTY_NOTICES.txt`, thirdPartyNotices(root, inputs));
