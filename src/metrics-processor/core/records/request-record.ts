import type { LogRecord } from '../../../event-log/event-log.ts';
import { LlmRequest } from '../../../events/llm-request.ts';
import { PlainEvent, VALUE } from '../../../events/plain-event.ts';
import { parseTimestampMs } from '../../../events/timestamp.ts';
import { NO_SERIES, type Series } from '../../../tally/series.ts';
import { FOREIGN_NAME, parseRecord, type RefusedRecord, spells } from './parse-record.ts';
import type { SeriesDictionary } from './series-dictionary.ts';
import { TextDictionary } from './text-dictionary.ts';

/**
 * What the core takes from one record of the requests topic: straight from the bytes of a plain event, from the parsed object of
 * any other. One object is used again and again; what it says is valid until the next `read`.
 */
export class RequestRecord {
  series: Series = NO_SERIES;
  timestampMs = 0;
  /** Counts are NaN where unknown. */
  promptTokens = 0;
  cachedPromptTokens = 0;
  cacheWriteTokens = 0;
  key: Uint8Array = NO_BYTES;

  readonly #plain = new PlainEvent(LlmRequest);
  readonly #field = {
    requestId: this.#plain.field('request_id'),
    tenantId: this.#plain.field('tenant_id'),
    route: this.#plain.field('route'),
    model: this.#plain.field('model'),
    provider: this.#plain.field('provider'),
    timestamp: this.#plain.field('timestamp'),
    promptTokens: this.#plain.field('prompt_tokens'),
    cachedPromptTokens: this.#plain.field('cached_prompt_tokens'),
    cacheWriteTokens: this.#plain.field('cache_write_tokens'),
    userIdHash: this.#plain.field('user_id_hash'),
    sessionId: this.#plain.field('session_id'),
    metadata: this.#plain.field('metadata'),
  };
  readonly #series: SeriesDictionary;
  readonly #texts = new TextDictionary();
  /** Null where the event is plain. */
  #event: LlmRequest | null = null;

  constructor(series: SeriesDictionary) {
    this.#series = series;
  }

  /** Why the record is refused; null for a valid one. */
  read(record: LogRecord): RefusedRecord | null {
    const { key, value, senderTenant } = record;
    const { requestId } = this.#field;
    if (key !== null && value !== null && this.#plain.read(value) && this.#plain.isAt(requestId, key)) {
      this.key = key;
      this.#takePlain();
      return senderTenant === null || spells(senderTenant, this.series.tenantId) ? null : FOREIGN_NAME;
    }
    const parsed = parseRecord('request', record);
    if (!parsed.ok) return parsed;
    this.key = parsed.key;
    this.#takeParsed(parsed.event);
    return null;
  }

  get requestId(): string {
    return this.#event?.request_id ?? this.#plain.textAt(this.#field.requestId);
  }

  get userIdHash(): string | null {
    if (this.#event !== null) return this.#event.user_id_hash ?? null;
    return this.#plain.textOrNullAt(this.#field.userIdHash);
  }

  get sessionId(): string | null {
    if (this.#event !== null) return this.#event.session_id ?? null;
    return this.#plain.textOrNullAt(this.#field.sessionId);
  }

  /** As JSON. */
  get metadata(): string | null {
    const metadata = this.#event === null ? this.#plain.objectOrNullAt(this.#field.metadata) : this.#event.metadata;
    return metadata == null ? null : JSON.stringify(metadata);
  }

  #takePlain(): void {
    const { tenantId, route, model, provider, timestamp } = this.#field;
    this.#event = null;
    this.series = this.#series.of({
      tenantId: this.#text(tenantId),
      route: this.#text(route),
      model: this.#text(model),
      provider: this.#plain.found[provider] === VALUE ? this.#text(provider) : '',
    });
    this.timestampMs = this.#plain.numbers[timestamp] as number;
    this.promptTokens = this.#plain.countAt(this.#field.promptTokens);
    this.cachedPromptTokens = this.#plain.countAt(this.#field.cachedPromptTokens);
    this.cacheWriteTokens = this.#plain.countAt(this.#field.cacheWriteTokens);
  }

  #takeParsed(event: LlmRequest): void {
    const { tenant_id: tenantId, route, model, provider } = event;
    this.#event = event;
    this.series = this.#series.of({ tenantId, route, model, provider: provider ?? '' });
    this.timestampMs = parseTimestampMs(event.timestamp);
    this.promptTokens = tokens(event.prompt_tokens);
    this.cachedPromptTokens = tokens(event.cached_prompt_tokens);
    this.cacheWriteTokens = tokens(event.cache_write_tokens);
  }

  #text(field: number): string {
    return this.#texts.of(this.#plain, field);
  }
}

/** Absent counts as 0, null is unknown. */
export function tokens(count: number | null | undefined): number {
  return count === undefined ? 0 : (count ?? Number.NaN);
}

const NO_BYTES = new Uint8Array(0);
