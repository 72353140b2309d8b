import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { readPlainArray } from './plain-literal.ts';
import { BUILT_IN_LIST, checkProviders, type PriceList, parsePriceList } from './price-list.ts';

/**
 * The list that `prices update` stored; the built-in one where there is none, and where that is newer: a program that
 * was updated does not go back to the prices before it.
 *
 * @throws {Error} says what is wrong with the file
 */
export async function loadPriceList(path: string): Promise<PriceList> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    // A folder on the way that is none: whoever needs the folder names it better than this could.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return BUILT_IN_LIST;
    throw error;
  }
  const stored = parsePriceList(text);
  return stored.date < BUILT_IN_LIST.date ? BUILT_IN_LIST : stored;
}

const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The list in a package of the library as `npm pack` gives it, in its module, or in its data as JSON. All are read as
 * data: nothing of them is executed.
 *
 * @param named what a file that does not say it is called, and when it was published
 * @throws {Error} says what is wrong with it
 */
export function readPublishedList(bytes: Buffer, named: Pick<PriceList, 'version' | 'date'>): PriceList {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    const text = bytes.toString('utf8');
    // A list that was stored by us tells its version itself.
    return text.trimStart().startsWith('{') ? parsePriceList(text) : { ...named, providers: readProviders(text) };
  }
  const files = new Map(filesOf(gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })));
  const [about, module] = [files.get('package/package.json'), files.get('package/dist/index.js')];
  if (about === undefined || module === undefined) throw new Error('it is no package of genai-prices');
  const { name, version } = JSON.parse(about.toString('utf8')) as { name?: unknown; version?: unknown };
  if (name !== '@pydantic/genai-prices' || typeof version !== 'string') {
    throw new Error('it is no package of genai-prices');
  }
  return { ...named, version, providers: readProviders(module.toString('utf8')) };
}

const readProviders = (text: string) => checkProviders(readPlainArray(text));

const BLOCK_BYTES = 512;

/** The files of a tar: a block with name and size (in octal), then the content in whole blocks. */
function* filesOf(tar: Buffer): Generator<readonly [string, Buffer]> {
  for (let at = 0; at + BLOCK_BYTES <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    if (name === '' || Number.isNaN(size)) return;
    at += BLOCK_BYTES;
    yield [name, tar.subarray(at, at + size)];
    at += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
}
