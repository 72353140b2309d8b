import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SettingError } from '../../settings/read-settings.ts';

/** What a backup holds, and how to see that it is whole. Written last: a backup that was broken off has none. */
export interface BackupManifest {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION_KNOWN;
  /** The release that made it. */
  readonly streamlens: string;
  readonly created_at: string;
  readonly files: readonly BackupFile[];
  /** Per shard, the offset up to which the rows of the store are complete, by topic. */
  readonly positions: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface BackupFile {
  readonly name: BackupFileName;
  readonly bytes: number;
  readonly sha256: string;
}

/** Nothing else is ever read from a backup or written into a data directory. */
export const BACKUP_FILES = ['metrics.sqlite', 'events.sqlite', 'price-list.json'] as const;
export type BackupFileName = (typeof BACKUP_FILES)[number];

export const FORMAT = 'streamlens-backup';
export const VERSION_KNOWN = 1;
export const MANIFEST_NAME = 'backup.json';

/** @throws {SettingError} where the directory holds no whole backup that this release knows */
export function readManifest(directory: string): BackupManifest {
  let value: Partial<BackupManifest>;
  try {
    value = JSON.parse(readFileSync(join(directory, MANIFEST_NAME), 'utf8')) as Partial<BackupManifest>;
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const what = isAbsent ? `has no ${MANIFEST_NAME}` : `has a ${MANIFEST_NAME} that cannot be read`;
    throw new SettingError(
      `${directory} ${what}: it is no backup of "streamlens backup", or one that was broken off; name the directory of a whole one`,
    );
  }
  if (value?.format !== FORMAT) throw new SettingError(`${directory} holds no backup of "streamlens backup"`);
  if (value.version !== VERSION_KNOWN) {
    throw new SettingError(
      `The backup in ${directory} was made by StreamLens ${String(value.streamlens)} in a newer form; restore it with that release`,
    );
  }
  const files: readonly Partial<BackupFile>[] = Array.isArray(value.files) ? value.files : [];
  if (files.length === 0 || !files.every(isFile)) {
    throw new SettingError(
      `The ${MANIFEST_NAME} of the backup in ${directory} was changed; it names no files as it should`,
    );
  }
  return value as BackupManifest;
}

function isFile({ name, bytes, sha256 }: Partial<BackupFile>): boolean {
  const isKnown = BACKUP_FILES.some((known) => known === name);
  return isKnown && Number.isSafeInteger(bytes) && typeof sha256 === 'string' && /^[\da-f]{64}$/.test(sha256);
}
