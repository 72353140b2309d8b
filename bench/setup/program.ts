import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { servicesDirectory } from '../../scripts/services/services-directory.ts';

const run = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The built program, in a folder that nobody else builds in. */
export interface Program {
  /** For `node <entry> <command>`. */
  readonly entry: string;
  /** What was built: a commit, and `+` where files differ from it. */
  readonly version: string;
}

/** Builds a commit, unless an earlier run did. */
export async function buildCommit(commit = 'HEAD'): Promise<Program> {
  const sha = git('rev-parse', commit);
  const version = sha.slice(0, 10);
  const directory = join(servicesDirectory(), 'bench-programs', version);
  if (!existsSync(directory)) {
    await buildInto(directory, (target) => extract(sha, target));
  }
  return { entry: join(directory, 'bin/streamlens.js'), version };
}

/** Builds the files as they are now, committed or not. */
export async function buildWorkingTree(): Promise<Program> {
  const version = `${git('rev-parse', 'HEAD').slice(0, 10)}${git('status', '--porcelain', 'src') === '' ? '' : '+'}`;
  const directory = join(servicesDirectory(), 'bench-programs', 'working-tree');
  rmSync(directory, { recursive: true, force: true });
  await buildInto(directory, async (target) => {
    await run('cp', [
      '-r',
      ...['src', 'bin', 'scripts', 'package.json', 'tsconfig.json'].map((part) => join(ROOT, part)),
      target,
    ]);
  });
  return { entry: join(directory, 'bin/streamlens.js'), version };
}

/** In a folder of its own and moved when complete, so that a broken build does not look like a good one. */
async function buildInto(directory: string, copySources: (target: string) => Promise<void>): Promise<void> {
  const programs = join(servicesDirectory(), 'bench-programs');
  mkdirSync(programs, { recursive: true });
  const partial = mkdtempSync(join(programs, 'partial-'));
  try {
    await copySources(partial);
    symlinkSync(join(ROOT, 'node_modules'), join(partial, 'node_modules'));
    await run(process.execPath, ['scripts/build.ts'], { cwd: partial });
    renameSync(partial, directory);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

async function extract(sha: string, target: string): Promise<void> {
  await run('sh', ['-c', `git archive ${sha} | tar -x -C '${target}'`], { cwd: ROOT });
}

export function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
}
