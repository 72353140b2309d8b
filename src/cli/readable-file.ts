import { accessSync, constants, statSync } from 'node:fs';
import { SettingError } from '../settings/read-settings.ts';

/**
 * Before anything is done with it.
 *
 * @param name of the flag or argument
 * @throws {SettingError} that names the flag, the file and why
 */
export function checkReadable(name: string, file: string): void {
  const why = whyUnreadable(file);
  if (why !== null) throw new SettingError(`${name} must be a file that can be read; got ${file}: ${why}`);
}

function whyUnreadable(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return statSync(file).isDirectory() ? 'it is a directory' : null;
  } catch (error) {
    const { code = 'it cannot be read' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'it is not there' : code === 'EACCES' ? 'this user may not read it' : code;
  }
}
