import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What of a CycloneDX document is looked at here; the rest is handed on as npm wrote it. */
export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The bill of materials of the package and of the image, in CycloneDX, by `npm sbom`.
 *
 * `--omit=dev` alone would leave out what a build puts into `dist`: bundled libraries are development dependencies, which
 * is why nobody installs them. So npm lists everything, and what is neither bundled nor installed is taken away.
 *
 * @throws {Error} where `dist` is not built
 */
export function sbom(): Sbom {
  const all = npmSbom([]);
  const kept = new Set([...npmSbom(['--omit=dev']).components.map(idOf), ...bundledPackages()]);
  const components = all.components.filter((component) => kept.has(idOf(component)));
  const refs = new Set(components.map((component) => component['bom-ref']));
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref) || ref.startsWith('streamlens@'))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((needed) => refs.has(needed)) }));
  return { ...all, components, dependencies };
}

/** `name@version` of each package that the build put into `dist`. */
export function bundledPackages(): string[] {
  const notices = readFileSync(`${root}dist/THIRD_PARTY_NOTICES.txt`, 'utf8');
  return [...notices.matchAll(/^={80}\n(\S+) (\S+)$/gm)].map(([, name, version]) => `${name ?? ''}@${version ?? ''}`);
}

function npmSbom(options: readonly string[]): Sbom {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', ...options];
  return JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })) as Sbom;
}

function idOf({ name, version }: Component): string {
  return `${name}@${version}`;
}
