import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

/**
 * Builds the dashboard into `dist/dashboard`: a page, and assets whose names change with their content, so that browsers
 * may keep them for ever. Returns the paths of the files that went into it.
 */
export async function buildDashboard(root: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      app: 'src/dashboard/main.tsx',
      dashboard: 'src/dashboard/style/dashboard.css',
      'first-paint': 'src/dashboard/first-paint.ts',
      icon: 'src/dashboard/icon.svg',
    },
    loader: { '.svg': 'copy' },
    outdir: 'dist/dashboard',
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.NODE_ENV': '"production"' },
    tsconfig: 'src/dashboard/tsconfig.json',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const page = await readFile(`${root}/src/dashboard/index.html`, 'utf8');
  const names = new Map(Object.keys(metafile.outputs).map((path) => [unhashed(basename(path)), basename(path)]));
  await writeFile(
    `${root}/dist/dashboard/index.html`,
    page.replaceAll(/\{([a-z-]+\.[a-z]+)\}/g, (_, name: string) => built(names, name)),
  );
  return Object.keys(metafile.inputs);
}

function unhashed(name: string): string {
  return name.replace(/-[A-Z0-9]{8}(?=\.)/, '');
}

function built(names: ReadonlyMap<string, string>, name: string): string {
  const found = names.get(name);
  if (found === undefined) throw new Error(`index.html names ${name}, which the build did not make`);
  return found;
}
