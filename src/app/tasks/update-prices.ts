import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BUILT_IN_LIST, listName, type PriceList } from '../../prices/price-list.ts';
import { readPublishedList } from '../../prices/price-list-file.ts';
import { changesOf, type ListChange } from '../../prices/price-moves.ts';
import { type ListSettings, priceListPath, readPriceList } from '../open/open-price-list.ts';

const PACKAGE = '@pydantic/genai-prices';
const NPM_MS_MAX = 60_000;
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const VERSION = /^\d+\.\d+\.\d+[-+.\w]*$/;

export interface PriceUpdate extends ListChange {
  readonly before: string;
  readonly after: string;
  readonly outcome: 'stored' | 'refused' | 'only shown' | 'in use already';
}

export interface UpdateOptions {
  /** Null: the newest version that npm knows of. */
  readonly file: string | null;
  readonly isDryRun: boolean;
  /** Whether large moves are meant. */
  readonly isSure: boolean;
  readonly nowMs: number;
  /** Also where nothing is new: the file's time then tells of this look. */
  readonly isStoredAnyway?: boolean;
  /** Ends what the npm client does. */
  readonly signal?: AbortSignal;
}

/** Takes a newer list into use, unless a price of it moves so far that somebody should look first. */
export async function updatePrices(settings: ListSettings, options: UpdateOptions): Promise<PriceUpdate> {
  const before = await readPriceList(settings);
  const after = options.file === null ? await newestList(options.signal) : await listFrom(options.file);
  if (after.date < BUILT_IN_LIST.date) {
    throw new Error(`${listName(after)} is older than the built-in ${listName(BUILT_IN_LIST)}; nothing was changed`);
  }
  const change = changesOf(before, after, options.nowMs);
  const outcome = outcomeOf({ before, after, change }, options);
  const path = priceListPath(settings);
  const isStored = outcome === 'stored' || (outcome === 'in use already' && options.isStoredAnyway === true);
  if (isStored && path !== null) await store(path, after);
  return { ...change, before: listName(before), after: listName(after), outcome };
}

function outcomeOf(
  { before, after, change }: { readonly before: PriceList; readonly after: PriceList; readonly change: ListChange },
  { isDryRun, isSure }: UpdateOptions,
): PriceUpdate['outcome'] {
  const isSame = change.moves.length + change.addedModels + change.removedModels.length === 0;
  if (isSame && before.version === after.version && before.date >= after.date) return 'in use already';
  if (isDryRun) return 'only shown';
  return isSure || !change.moves.some(({ isLarge }) => isLarge) ? 'stored' : 'refused';
}

/** A file says nothing of when it was published; the day of its last change is the nearest to it. */
async function listFrom(path: string): Promise<PriceList> {
  const { mtime, size } = await stat(path);
  if (size > FILE_BYTES_MAX) throw new Error(`${path} is larger than ${FILE_BYTES_MAX / 1024 ** 2} MiB`);
  const named = { version: 'from a file', date: mtime.toISOString().slice(0, 10) };
  return read(await readFile(path), named, path);
}

/** Asks the npm client, so that the registry, the proxy and the keys are those that the user has set up there. */
async function newestList(signal?: AbortSignal): Promise<PriceList> {
  const npm = (cwd: string, ...args: string[]) => askNpm({ cwd, args, signal });
  const directory = await mkdtemp(join(tmpdir(), 'streamlens-prices-'));
  try {
    const about = JSON.parse(await npm(directory, 'view', PACKAGE, 'version', 'time', '--json')) as {
      readonly version?: unknown;
      readonly time?: Readonly<Record<string, unknown>>;
    };
    const version = String(about.version);
    if (!VERSION.test(version)) throw new Error(`npm names no version of ${PACKAGE}`);
    await npm(directory, 'pack', `${PACKAGE}@${version}`, '--ignore-scripts', '--silent');
    const packed = (await readdir(directory)).find((name) => name.endsWith('.tgz'));
    if (packed === undefined) throw new Error(`npm gave no package of ${PACKAGE} ${version}`);
    const named = { version, date: String(about.time?.[version]).slice(0, 10) };
    return read(await readFile(join(directory, packed)), named, `${PACKAGE} ${version}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function askNpm({ cwd, args, signal }: { cwd: string; args: string[]; signal: AbortSignal | undefined }) {
  try {
    const limits = { timeout: NPM_MS_MAX, maxBuffer: FILE_BYTES_MAX };
    const { stdout } = await promisify(execFile)('npm', args, {
      cwd,
      ...limits,
      ...(signal === undefined ? {} : { signal }),
    });
    return stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const [reason] = (stderr === '' ? message : stderr).split('\n');
    throw new Error(`npm could not be asked for ${PACKAGE} (${reason}); name a FILE that holds the list instead`, {
      cause: error,
    });
  }
}

function read(bytes: Buffer, named: Pick<PriceList, 'version' | 'date'>, source: string): PriceList {
  try {
    return readPublishedList(bytes, named);
  } catch (error) {
    throw new Error(`${source} holds no list of prices that can be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** In one step, so that a role that reads it meanwhile has the old list or the new one. */
async function store(path: string, list: PriceList): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const written = `${path}.${process.pid}.tmp`;
  const file = await open(written, 'w');
  try {
    await file.writeFile(`${JSON.stringify(list)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(written, path);
}
