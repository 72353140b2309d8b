import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licence files as their packages name them. */
const LICENCE_FILE = /^(licen[cs]e|notice|copying)/i;

/**
 * The licences of the packages that a bundle holds, as their licences ask for.
 *
 * @param inputs paths of the bundled files, relative to `root`, as esbuild's metafile has them
 * @throws {Error} where a bundled package brings no licence text and names none
 */
export function thirdPartyNotices(root: string, inputs: Iterable<string>): string {
  const packages = new Set<string>();
  for (const path of inputs) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder !== undefined) packages.add(folder);
  }
  const sections = [...packages].sort().map((folder) => noticeOf(join(root, folder)));
  return `StreamLens contains these packages.\n\n${[...new Set(sections)].join('\n')}`;
}

function noticeOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
    author?: string | { name?: string };
  };
  const texts = readdirSync(folder)
    .filter((name) => LICENCE_FILE.test(name) && !/\.(js|ts)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim());
  const { name, version, license, author } = manifest;
  if (texts.length === 0 && license === undefined) throw new Error(`${name} ${version} has no licence`);
  const owner = typeof author === 'string' ? author : author?.name;
  const head = [`${name} ${version}`, license ?? '', texts.length === 0 ? (owner ?? '') : ''];
  return `${'='.repeat(80)}\n${head.filter((line) => line !== '').join('\n')}\n\n${texts.join('\n\n')}\n`;
}
