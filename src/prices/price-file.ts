import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { Compile } from 'typebox/compile';
import { LineCounter, parseDocument } from 'yaml';
import type { Price, Rates } from './price-book.ts';
import { PriceFileError, type PriceFileProblem } from './price-file-error.ts';
import { LinesOfDocument } from './price-file-lines.ts';
import { FIELD_RULES, type PriceEntry, PriceFile, type PriceTier } from './price-file-schema.ts';
import type { PriceOverride } from './price-override.ts';
import { serviceTierOf } from './service-tier.ts';

/**
 * Reads the user's prices.
 *
 * @throws {PriceFileError} names the file, the line and the field
 */
export async function loadPriceFile(path: string): Promise<readonly PriceOverride[]> {
  let text: string;
  try {
    text = await readRegularFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PriceFileError(path, [{ line: null, field: '', message: `cannot be read: ${reason}` }], { cause });
  }
  const parsed = parsePriceFile(text, basename(path));
  if (!parsed.ok) throw new PriceFileError(path, parsed.problems);
  return parsed.overrides;
}

/**
 * Opening a FIFO waits for its writer, and a device may never end: such are refused, and the opening itself never
 * waits.
 */
async function readRegularFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is no regular file');
    if (stats.size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX / 1024 ** 2} MiB`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

const FILE_BYTES_MAX = 16 * 1024 * 1024;

export type ParsedPriceFile =
  | { readonly ok: true; readonly overrides: readonly PriceOverride[] }
  | { readonly ok: false; readonly problems: readonly PriceFileProblem[] };

/** @param fileName stands in the `source` of each price, with the line of its entry */
export function parsePriceFile(text: string, fileName: string): ParsedPriceFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [broken] = document.errors;
  if (broken !== undefined) {
    return {
      ok: false,
      problems: [{ line: lineCounter.linePos(broken.pos[0]).line, field: '', message: broken.message }],
    };
  }
  const lines = new LinesOfDocument(document, lineCounter);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // An alias without its anchor, or so many that they would fill the memory.
    return {
      ok: false,
      problems: [{ line: 1, field: '', message: error instanceof Error ? error.message : String(error) }],
    };
  }
  if (!SCHEMA.Check(value)) return { ok: false, problems: schemaProblems(value, lines) };
  const problems = beyondSchema(value, lines);
  if (problems.length > 0) return { ok: false, problems };
  const overrides = value.prices.map((entry, index) =>
    toOverride(entry, `${fileName} line ${lines.lineOf(['prices', index])}`),
  );
  return { ok: true, overrides };
}

const SCHEMA = Compile(PriceFile);

type Path = readonly (string | number)[];

function schemaProblems(value: unknown, lines: LinesOfDocument): readonly PriceFileProblem[] {
  const problems = new Map<string, PriceFileProblem>();
  const report = (path: Path, message: string): void => {
    const field = fieldName(path);
    if (!problems.has(field)) problems.set(field, { line: lines.lineOf(path), field, message });
  };
  for (const error of SCHEMA.Errors(value)) {
    const path = toPath(error.instancePath);
    if (error.keyword === 'required') {
      for (const missing of error.params.requiredProperties) report([...path, missing], 'is missing');
    } else if (error.keyword === 'additionalProperties') {
      for (const unknown of error.params.additionalProperties) report([...path, unknown], 'is not a field of a price');
    } else if (error.keyword !== 'boolean') {
      const rule = FIELD_RULES[String(path.at(-1) ?? '')] ?? 'must be an object with the fields of docs/pricing.md';
      report(path, `${rule}, got ${shown(valueAt(value, path))}`);
    }
  }
  return [...problems.values()];
}

/** What the schema cannot say. */
function beyondSchema(file: PriceFile, lines: LinesOfDocument): readonly PriceFileProblem[] {
  const problems: PriceFileProblem[] = [];
  const report = (path: Path, message: string): void => {
    problems.push({ line: lines.lineOf(path), field: fieldName(path), message });
  };
  const lineOfName = new Map<string, number>();
  for (const [index, entry] of file.prices.entries()) {
    const path = ['prices', index];
    if (entry.from !== undefined && !isDay(entry.from))
      report([...path, 'from'], `${entry.from} is no day of the calendar`);
    checkDecimals(entry, path, report);
    let above = 0;
    for (const [tierIndex, tier] of (entry.tiers ?? []).entries()) {
      const tierPath = [...path, 'tiers', tierIndex];
      if (tier.above_prompt_tokens <= above)
        report([...tierPath, 'above_prompt_tokens'], 'must grow from tier to tier');
      above = tier.above_prompt_tokens;
      checkDecimals(tier, tierPath, report);
    }
    const { provider, model, from, service_tier: tier } = entry;
    const name = JSON.stringify([provider?.toLowerCase(), model.toLowerCase(), from, tier]);
    const earlier = lineOfName.get(name);
    if (earlier !== undefined)
      report(path, `is a second price for the provider, model, tier and date of line ${earlier}`);
    lineOfName.set(name, lines.lineOf(path));
  }
  return problems;
}

/**
 * Costs are counted in 10^-12 USD per token: more digits would be cut off, and a cost would not be what the file says.
 */
function checkDecimals(rates: object, path: Path, report: (path: Path, message: string) => void): void {
  for (const [field, value] of Object.entries(rates)) {
    if (!field.endsWith('_usd_per_million')) continue;
    const picoUsd = Number(value) * 1e6;
    // A whole number that went through binary is off by less than this.
    if (Math.abs(picoUsd - Math.round(picoUsd)) > 1e-3) report([...path, field], `has more than 6 decimals: ${value}`);
  }
}

function isDay(from: string): boolean {
  const day = from.slice(0, 10);
  const atMs = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(day) && !Number.isNaN(Date.parse(from));
}

function toOverride(entry: PriceEntry, source: string): PriceOverride {
  const bandOf = (rates: PriceEntry, bandFromTokens: number): Price => ({
    rates: toRates(rates),
    bandFromTokens,
    kind: 'file',
    source,
    ...(tellsSearches(rates) ? {} : { searchesAsListed: true }),
  });
  const higher = (entry.tiers ?? []).map((tier) => bandOf({ ...entry, ...tier }, tier.above_prompt_tokens + 1));
  return {
    provider: entry.provider ?? null,
    model: entry.model,
    serviceTier: entry.service_tier === undefined ? null : serviceTierOf(entry.service_tier),
    fromMs: entry.from === undefined ? null : Date.parse(entry.from),
    bands: [bandOf(entry, 0), ...higher],
  };
}

function tellsSearches(entry: PriceEntry): boolean {
  return entry.usd_per_web_search !== undefined || entry.usd_per_grounded_request !== undefined;
}

/** What has no price of its own is billed as the whole it belongs to, as for the library's prices. */
function toRates(entry: PriceEntry | (PriceEntry & PriceTier)): Rates {
  const input = toPicoUsd(entry.input_usd_per_million);
  const output = toPicoUsd(entry.output_usd_per_million);
  const rate = (usdPerMillion: number | undefined, otherwise: number): number =>
    usdPerMillion === undefined ? otherwise : toPicoUsd(usdPerMillion);
  const cacheRead = rate(entry.cache_read_usd_per_million, input);
  const cacheWrite = rate(entry.cache_write_usd_per_million, input);
  const inputAudio = rate(entry.input_audio_usd_per_million, input);
  const hasCacheRead = entry.cache_read_usd_per_million !== undefined;
  return {
    input,
    cacheRead,
    cacheWrite,
    cacheWrite1h: rate(entry.cache_write_1h_usd_per_million, cacheWrite),
    inputAudio,
    cacheReadAudio: rate(entry.cache_read_audio_usd_per_million, hasCacheRead ? cacheRead : inputAudio),
    inputImage: rate(entry.input_image_usd_per_million, input),
    output,
    outputAudio: rate(entry.output_audio_usd_per_million, output),
    outputImage: rate(entry.output_image_usd_per_million, output),
    request: feeOf(entry.usd_per_request),
    webSearch: feeOf(entry.usd_per_web_search),
    groundedRequest: feeOf(entry.usd_per_grounded_request),
  };
}

function feeOf(usd = 0): number {
  return Math.round(usd * 1e12);
}

function toPicoUsd(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1e6);
}

/** A JSON pointer's segments; what counts is a number. */
function toPath(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment.replaceAll('~1', '/').replaceAll('~0', '~')));
}

/** `prices[3].tiers[0].model` */
function fieldName(path: Path): string {
  return path.reduce<string>(
    (name, segment) => (typeof segment === 'number' ? `${name}[${segment}]` : `${name}${name && '.'}${segment}`),
    '',
  );
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, segment) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[segment] : undefined),
    value,
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
