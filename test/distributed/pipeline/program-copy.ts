import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { servicesDirectory } from '../../../scripts/services/services-directory.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The built program in a folder of its own. */
export interface ProgramCopy {
  /** For `node <entry> <command>`. */
  readonly entry: string;
  remove(): void;
}

/**
 * Copies what `npm run build` made, so that a build meanwhile (it empties `dist` first) cannot take the program away
 * from processes that a test starts again. Within the checkout, because its libraries are looked up from there.
 *
 * @throws where nothing is built
 */
export function copyProgram(): ProgramCopy {
  if (!existsSync(join(ROOT, 'dist/cli/main.js'))) throw new Error('The program is not built: npm run -s build');
  const directory = mkdtempSync(join(servicesDirectory(), 'program-'));
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  }
  return {
    entry: join(directory, 'bin/streamlens.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
