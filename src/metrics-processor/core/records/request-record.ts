import type { LogRecord } from '../../../event-log/event-log.ts';
import { KEPT_OF_REQUEST, type KeptOfRequest, LlmRequest, REQUEST_FIELDS } from '../../../events/llm-request.ts';
import { PlainEvent, VALUE } from '../../../events/plain-event.ts';
import { payloadOf } from '../../../events/wire-format.ts';
import { NO_SERIES, type Series } from '../../../tally/series.ts';
import type { PendingRequest } from '../join/waiting-requests.ts';
import { type CallValues, DimensionReader } from './dimension-reader.ts';
import { fieldNumbers, KeptReader } from './event-reader.ts';
import { FOREIGN_NAME, parseRecord, type RefusedRecord, spells } from './parse-record.ts';
import type { SeriesDictionary } from './series-dictionary.ts';
import { TextDictionary } from './text-dictionary.ts';
import { ValueTexts } from './value-texts.ts';

/**
 * What the core takes from one record of the requests topic: straight from the bytes of a plain event, from the parsed
 * object of any other. One object is used again and again; what it says is valid until the next `read`.
 */
export class RequestRecord {
  series: Series = NO_SERIES;
  timestampMs = 0;
  /** Counts are NaN where unknown. */
  promptTokens = 0;
  cachedPromptTokens = 0;
  cacheWriteTokens = 0;
  key: Uint8Array = NO_BYTES;

  readonly #event = new PlainEvent(LlmRequest, REQUEST_FIELDS);
  readonly #field = fieldNumbers(this.#event, REQUEST_FIELDS);
  readonly #kept = new KeptReader<typeof REQUEST_FIELDS>(this.#event, KEPT_OF_REQUEST);
  readonly #series: SeriesDictionary;
  readonly #texts = new TextDictionary();
  readonly #dimensions: DimensionReader | null;

  /** @param dimensions the names of those that calls are summed by */
  constructor(series: SeriesDictionary, dimensions: readonly string[] = [], texts = new ValueTexts()) {
    this.#series = series;
    this.#dimensions = dimensions.length === 0 ? null : new DimensionReader(this.#event, dimensions, texts);
  }

  /** Why the record is refused; null for a valid one. */
  read(record: LogRecord): RefusedRecord | null {
    const { key, senderTenant } = record;
    const value = record.value === null ? null : payloadOf(record.value);
    const event = this.#event;
    if (key !== null && value !== null && event.read(value) && event.isAt(this.#field.request_id, key)) {
      this.key = key;
      this.#take();
      return senderTenant === null || spells(senderTenant, this.series.tenantId) ? null : FOREIGN_NAME;
    }
    const parsed = parseRecord('request', record);
    if (!parsed.ok) return parsed;
    this.key = parsed.key;
    this.take(parsed.event);
    return null;
  }

  /** Takes an event that is known to be valid. */
  take(event: LlmRequest): void {
    this.#event.take(event);
    this.#take();
  }

  get requestId(): string {
    return this.#event.textAt(this.#field.request_id);
  }

  /** What a single call keeps of it; null where it says nothing of that. */
  kept(): KeptOfRequest | null {
    return this.#kept.read();
  }

  /** Null where calls are summed by no dimension. Valid until it is asked for again. */
  dimensions(): CallValues | null {
    return this.#dimensions === null ? null : this.#dimensions.read();
  }

  /** What the join keeps of it. */
  pending(place: number, loggedAtMs: number, isKept: boolean): PendingRequest {
    return {
      series: this.series,
      place,
      loggedAtMs,
      timestampMs: this.timestampMs,
      promptTokens: this.promptTokens,
      cachedPromptTokens: this.cachedPromptTokens,
      cacheWriteTokens: this.cacheWriteTokens,
      keptId: isKept ? this.requestId : null,
      // A kept call is written with its details before it is answered.
      details: isKept ? null : this.kept(),
      dimensions: this.dimensions(),
    };
  }

  #take(): void {
    const event = this.#event;
    const field = this.#field;
    this.series = this.#series.of({
      tenantId: this.#text(field.tenant_id),
      route: this.#text(field.route),
      model: this.#text(field.model),
      provider: event.found[field.provider] === VALUE ? this.#text(field.provider) : '',
    });
    this.timestampMs = event.numbers[field.timestamp] as number;
    this.promptTokens = event.numbers[field.prompt_tokens] as number;
    this.cachedPromptTokens = event.numbers[field.cached_prompt_tokens] as number;
    this.cacheWriteTokens = event.numbers[field.cache_write_tokens] as number;
  }

  #text(field: number): string {
    return this.#texts.of(this.#event, field);
  }
}

const NO_BYTES = new Uint8Array(0);
