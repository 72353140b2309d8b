import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What an export wrote, and of which question: by it another run goes on where one ended. */
export interface ExportManifest {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION_KNOWN;
  /** The release that wrote it last. */
  readonly streamlens: string;
  readonly question: ExportQuestion;
  /** By date, the oldest first. */
  readonly days: readonly ExportedDay[];
}

/** What makes the files of a directory belong together. */
export interface ExportQuestion {
  readonly dataset: string;
  readonly file_format: string;
  /** Null for single calls. */
  readonly step: string | null;
  /** Null: all. */
  readonly tenants: readonly string[] | null;
  /** Null but for FOCUS charges. */
  readonly billing_account: string | null;
  /** Only where sums by them were exported. */
  readonly dimensions?: readonly string[];
}

export interface ExportedDay {
  /** UTC, such as `2025-11-19`. */
  readonly date: string;
  /** Below the directory. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Log time up to which every event was counted when it was read; null before the first. */
  readonly complete_until: string | null;
  /** Whether that is the end of the day or later. A day that is not is written again by the next run. */
  readonly is_complete: boolean;
  /** The store's sums of the day, by which later changes are noticed. */
  readonly totals: DayTotals;
  readonly written_at: string;
}

/** Whole numbers and exact amounts, as text. */
export type DayTotals = Readonly<Record<string, string>>;

const FORMAT = 'streamlens-export';
const VERSION_KNOWN = 1;
export const MANIFEST_NAME = 'manifest.json';

/** Null where the directory has none. @throws {Error} where there is one that is not ours */
export async function readManifest(directory: string): Promise<ExportManifest | null> {
  const path = join(directory, MANIFEST_NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const manifest = parse(text);
  if (manifest === null) {
    throw new Error(`${path} is no manifest of "streamlens export" that this release knows; name another directory`);
  }
  return manifest;
}

/** Whole or not at all, also when the process is killed meanwhile. */
export async function writeManifest(
  directory: string,
  manifest: Pick<ExportManifest, 'streamlens' | 'question' | 'days'>,
): Promise<void> {
  const path = join(directory, MANIFEST_NAME);
  const days = manifest.days.toSorted((a, b) => (a.date < b.date ? -1 : 1));
  const text = `${JSON.stringify({ format: FORMAT, version: VERSION_KNOWN, ...manifest, days }, null, 2)}\n`;
  await writeFile(`${path}.tmp`, text, { flush: true });
  await rename(`${path}.tmp`, path);
}

function parse(text: string): ExportManifest | null {
  try {
    const value = JSON.parse(text) as ExportManifest;
    const isKnown = value.format === FORMAT && value.version === VERSION_KNOWN;
    return isKnown && typeof value.question === 'object' && Array.isArray(value.days) ? value : null;
  } catch {
    return null;
  }
}
