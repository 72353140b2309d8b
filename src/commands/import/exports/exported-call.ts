import { createHash } from 'node:crypto';
import { type ErrorKind, errorKindOf } from '../../../events/error-kind.ts';
import { COST_USD_MAX, DURATION_MS_MAX, TOKENS_MAX } from '../../../events/fields.ts';
import { COST_REPORTERS, type CostReporter } from '../../../events/llm-response.ts';
import type { SessionCall } from '../session-call.ts';
import { evaluate, pathsOf, type Row, wordOf } from './expression.ts';
import { instantFrom } from './instant.ts';
import type { MappedField, Mapping } from './mapping.ts';

/** Why a row gives no call: it is none, or a field of it is wrong. */
export type RowReading = { readonly call: SessionCall } | { readonly why: string } | { readonly isNoCall: true };

const ID_CHARS_MAX = 128;
const TEXT_CHARS_MAX = 255;
const ERROR_CHARS_MAX = 1000;

/**
 * Reads one row by its mapping. A field that cannot be is told with its column; the other rows are none the worse for
 * it.
 *
 * @param source is put before the id: two gateways may number their calls alike
 */
export function readRow(row: Row, mapping: Mapping, source: string): RowReading {
  // Before anything in it is unfolded: what has no id is known by its content.
  const fingerprint = mapping.fields.id === undefined ? digestOf(JSON.stringify(row)) : null;
  const prepared = mapping.prepare === null ? row : mapping.prepare(row);
  if (prepared === null || !isWanted(prepared, mapping)) return { isNoCall: true };
  try {
    return { call: callOf(new RowReader(prepared, mapping), { fingerprint, source }) };
  } catch (error) {
    if (error instanceof FieldError) return { why: error.message };
    throw error;
  }
}

function isWanted(row: Row, { only }: Mapping): boolean {
  if (only === null) return true;
  const kind = evaluate(only.from, row);
  return kind === null || only.is.includes(wordOf(kind));
}

interface Known {
  readonly fingerprint: string | null;
  readonly source: string;
}

function callOf(reader: RowReader, { fingerprint, source }: Known): SessionCall {
  const id = fingerprint ?? reader.needed('id', (field) => reader.text(field, Number.MAX_SAFE_INTEGER));
  const { startedAtMs, latencyMs } = timeOf(reader);
  return {
    key: `${source}-${id.length <= ID_CHARS_MAX ? id : digestOf(id)}`,
    ids: fingerprint === null ? [...new Set([id, ...reader.otherIds()])] : reader.otherIds(),
    provider: reader.text('provider'),
    model: reader.needed('model', (field) => reader.text(field)),
    sessions: [reader.text('session_id')].filter((session) => session !== null),
    startedAtMs,
    endedAtMs: startedAtMs + (latencyMs ?? 0),
    promptTokens: reader.tokens('prompt_tokens'),
    cachedPromptTokens: reader.tokens('cached_prompt_tokens'),
    cacheWriteTokens: reader.tokens('cache_write_tokens'),
    cacheWrite1hTokens: reader.tokens('cache_write_1h_tokens'),
    completionTokens: reader.tokens('completion_tokens'),
    reasoningTokens: reader.tokens('reasoning_tokens'),
    webSearchRequests: reader.tokens('web_search_requests'),
    finishReason: reader.text('finish_reason'),
    serviceTier: reader.text('service_tier'),
    reportedCostUsd: reader.number('cost_usd', COST_USD_MAX),
    metadata: reader.metadata(),
    told: {
      tenant: reader.text('tenant_id'),
      route: reader.text('route'),
      user: pseudonym(reader.text('user')),
      latencyMs,
      timeToFirstTokenMs: reader.number('time_to_first_token_ms', DURATION_MS_MAX),
      answeredModel: reader.text('answered_model'),
      operation: reader.text('operation'),
      isStream: reader.boolean('stream'),
      audioPromptTokens: reader.tokens('audio_prompt_tokens'),
      audioCompletionTokens: reader.tokens('audio_completion_tokens'),
      costReportedBy: reader.reporter(),
      isCacheHit: reader.boolean('cache_hit'),
      ...failureOf(reader),
    },
  };
}

function timeOf(reader: RowReader): { readonly startedAtMs: number; readonly latencyMs: number | null } {
  const [startedAtMs, endedAtMs] = [reader.instant('started_at'), reader.instant('ended_at')];
  const told = reader.number('latency_ms', DURATION_MS_MAX);
  if (startedAtMs === null && endedAtMs === null) throw reader.fault('started_at', 'must say when the call was', null);
  const between =
    startedAtMs !== null && endedAtMs !== null && endedAtMs >= startedAtMs ? endedAtMs - startedAtMs : null;
  const latencyMs = told ?? (between !== null && between <= DURATION_MS_MAX ? between : null);
  return { startedAtMs: startedAtMs ?? Number(endedAtMs) - (latencyMs ?? 0), latencyMs };
}

function failureOf(reader: RowReader): { readonly error: string | null; readonly errorKind: ErrorKind | null } {
  const message = reader.text('error', ERROR_CHARS_MAX);
  const type = reader.text('error_type');
  const status = reader.number('http_status', 999);
  if (reader.boolean('cancelled') === true) return { error: message, errorKind: 'cancelled' };
  if (message === null && type === null && (status === null || status < 400)) return { error: null, errorKind: null };
  const httpStatus = status !== null && status >= 400 ? status : null;
  return {
    error: [type, message ?? (httpStatus === null ? null : `HTTP ${httpStatus}`)]
      .filter((part) => part !== null)
      .join(': '),
    errorKind: errorKindOf({ type, httpStatus, message }),
  };
}

class FieldError extends Error {}

class RowReader {
  readonly #row: Row;
  readonly #mapping: Mapping;

  constructor(row: Row, mapping: Mapping) {
    this.#row = row;
    this.#mapping = mapping;
  }

  needed<T>(field: MappedField, read: (field: MappedField) => T | null): T {
    const value = read(field);
    if (value === null) throw this.fault(field, 'is missing', null);
    return value;
  }

  text(field: MappedField, charsMax = TEXT_CHARS_MAX): string | null {
    return this.#plainText(this.#valueOf(field), charsMax);
  }

  number(field: MappedField, max: number): number | null {
    const value = this.#valueOf(field);
    if (value === null) return null;
    const number = typeof value === 'string' ? Number(value.replace(/^\$/, '')) : value;
    if (typeof number === 'number' && number >= 0 && number <= max) return number;
    throw this.fault(field, `must be a number from 0 to ${max.toLocaleString('en-US')}`, value);
  }

  tokens(field: MappedField): number | null {
    const value = this.number(field, TOKENS_MAX);
    if (value === null || Number.isSafeInteger(value)) return value;
    throw this.fault(field, 'must be a whole number', value);
  }

  boolean(field: MappedField): boolean | null {
    const value = this.#valueOf(field);
    if (value === null) return null;
    const word = wordOf(value).toLowerCase();
    if (['true', 't', '1', 'yes'].includes(word)) return true;
    if (['false', 'f', '0', 'no'].includes(word)) return false;
    throw this.fault(field, 'must be true or false', value);
  }

  instant(field: MappedField): number | null {
    const value = this.#valueOf(field);
    if (value === null) return null;
    const atMs = instantFrom(value);
    if (atMs === null)
      throw this.fault(field, 'must be a time such as 2025-11-19T10:00:00Z, or seconds since 1970', value);
    return atMs;
  }

  reporter(): CostReporter {
    const value = this.#valueOf('cost_reported_by') ?? 'client';
    const word = COST_REPORTERS.find((each) => each === value);
    if (word === undefined) throw this.fault('cost_reported_by', `must be one of ${COST_REPORTERS.join(', ')}`, value);
    return word;
  }

  otherIds(): string[] {
    const values = this.#mapping.ids.map((expression) =>
      this.#plainText(evaluate(expression, this.#row), TEXT_CHARS_MAX),
    );
    return values.filter((value) => value !== null);
  }

  metadata(): Record<string, string> {
    const texts = Object.entries(this.#mapping.metadata).flatMap(([name, expression]) => {
      const text = this.#plainText(evaluate(expression, this.#row), TEXT_CHARS_MAX);
      return text === null ? [] : [[name, pseudonym(text) ?? text] as const];
    });
    return Object.fromEntries(texts);
  }

  fault(field: MappedField, rule: string, value: unknown): FieldError {
    const expression = this.#mapping.fields[field];
    const columns = expression === undefined ? [] : [...new Set(pathsOf(expression))].slice(0, COLUMNS_TOLD_MAX);
    const got = value === null ? '' : `; got ${JSON.stringify(value)?.slice(0, VALUE_CHARS_MAX)}`;
    return new FieldError(`${field}${columns.length > 0 ? ` (${columns.join(' or ')})` : ''} ${rule}${got}`);
  }

  #valueOf(field: MappedField): unknown {
    const expression = this.#mapping.fields[field];
    return expression === undefined ? null : evaluate(expression, this.#row);
  }

  /** Objects and lists as their JSON: a tag list is better than none. */
  #plainText(value: unknown, charsMax: number): string | null {
    if (value === null) return null;
    const clean = wordOf(value).replaceAll('\0', '').trim().slice(0, charsMax);
    // Half a character at the end would be no valid text.
    return clean === '' || clean === '{}' || clean === '[]' ? null : clean.toWellFormed();
  }
}

const COLUMNS_TOLD_MAX = 3;
const VALUE_CHARS_MAX = 60;

/** An e-mail address by its digest, as telemetry has it too: it still tells users apart. */
function pseudonym(text: string | null): string | null {
  if (text === null || !/^\S+@\S+$/.test(text)) return text;
  return createHash('sha256').update(text.toLowerCase()).digest('hex');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
