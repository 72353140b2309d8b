import type { LogRecord } from '../../../event-log/event-log.ts';
import { ERROR_KINDS, type ErrorKind } from '../../../events/error-kind.ts';
import { COST_REPORTERS, type CostReporter, LlmResponse } from '../../../events/llm-response.ts';
import { PlainEvent, VALUE } from '../../../events/plain-event.ts';
import { parseTimestampMs } from '../../../events/timestamp.ts';
import { FOREIGN_NAME, parseRecord, type RefusedRecord, spells } from './parse-record.ts';
import { tokens } from './request-record.ts';
import { TextDictionary } from './text-dictionary.ts';

/** What a response says, as the core wants it. */
export interface ResponseFacts {
  readonly requestId: string;
  readonly timestampMs: number;
  /** NaN where it is not given; likewise all below but for `completionTokens` and `reasoningTokens`, where absent is 0. */
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly cacheWriteTokens: number;
  readonly audioPromptTokens: number;
  readonly audioCompletionTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cachedAudioPromptTokens: number;
  readonly imagePromptTokens: number;
  readonly imageCompletionTokens: number;
  readonly reportedCostUsd: number;
  /** Absent counts as 0, NaN is unknown. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** The model that answered; null where the response does not say. */
  readonly model: string | null;
  readonly finishReason: string | null;
  /** Never empty. */
  readonly error: string | null;
  readonly errorKind: ErrorKind | null;
  /** In the sender's word. */
  readonly serviceTier: string | null;
  readonly costReportedBy: CostReporter | null;
  readonly isOfEmbeddings: boolean;
  readonly isFromCache: boolean;
}

/** As `RequestRecord`, for the responses topic. */
export class ResponseRecord implements ResponseFacts {
  timestampMs = 0;
  latencyMs = 0;
  timeToFirstTokenMs = 0;
  promptTokens = 0;
  cachedPromptTokens = 0;
  cacheWriteTokens = 0;
  audioPromptTokens = 0;
  audioCompletionTokens = 0;
  cacheWrite1hTokens = 0;
  cachedAudioPromptTokens = 0;
  imagePromptTokens = 0;
  imageCompletionTokens = 0;
  reportedCostUsd = 0;
  completionTokens = 0;
  reasoningTokens = 0;
  model: string | null = null;
  finishReason: string | null = null;
  error: string | null = null;
  errorKind: ErrorKind | null = null;
  serviceTier: string | null = null;
  costReportedBy: CostReporter | null = null;
  isOfEmbeddings = false;
  isFromCache = false;
  key: Uint8Array = NO_BYTES;
  value: Uint8Array = NO_BYTES;
  /** Whose call it answers, by its sender's key or its own word; null where neither says. */
  tenantId: string | null = null;

  readonly #plain = new PlainEvent(LlmResponse);
  readonly #field = {
    requestId: this.#plain.field('request_id'),
    tenantId: this.#plain.field('tenant_id'),
    timestamp: this.#plain.field('timestamp'),
    latencyMs: this.#plain.field('latency_ms'),
    timeToFirstTokenMs: this.#plain.field('time_to_first_token_ms'),
    promptTokens: this.#plain.field('prompt_tokens'),
    cachedPromptTokens: this.#plain.field('cached_prompt_tokens'),
    cacheWriteTokens: this.#plain.field('cache_write_tokens'),
    audioPromptTokens: this.#plain.field('audio_prompt_tokens'),
    audioCompletionTokens: this.#plain.field('audio_completion_tokens'),
    cacheWrite1hTokens: this.#plain.field('cache_write_1h_tokens'),
    cachedAudioPromptTokens: this.#plain.field('cached_audio_prompt_tokens'),
    imagePromptTokens: this.#plain.field('image_prompt_tokens'),
    imageCompletionTokens: this.#plain.field('image_completion_tokens'),
    reportedCostUsd: this.#plain.field('reported_cost_usd'),
    errorKind: this.#plain.field('error_kind'),
    serviceTier: this.#plain.field('service_tier'),
    costReportedBy: this.#plain.field('cost_reported_by'),
    completionTokens: this.#plain.field('completion_tokens'),
    reasoningTokens: this.#plain.field('reasoning_tokens'),
    model: this.#plain.field('model'),
    finishReason: this.#plain.field('finish_reason'),
    error: this.#plain.field('error'),
    operation: this.#plain.field('operation'),
    cacheHit: this.#plain.field('cache_hit'),
  };
  readonly #texts = new TextDictionary();
  /** Null where the event is plain. */
  #event: LlmResponse | null = null;

  /** Why the record is refused; null for a valid one. */
  read(record: Omit<LogRecord, 'offset' | 'loggedAtMs'>): RefusedRecord | null {
    const { key, value, senderTenant } = record;
    const { requestId } = this.#field;
    if (key !== null && value !== null && this.#plain.read(value) && this.#plain.isAt(requestId, key)) {
      this.key = key;
      this.value = value;
      this.#takePlain();
      return senderTenant === null ? null : this.#takeSender(senderTenant);
    }
    const parsed = parseRecord('response', record);
    if (!parsed.ok) return parsed;
    this.key = parsed.key;
    this.value = parsed.value;
    this.tenantId = parsed.tenantId;
    this.#takeParsed(parsed.event);
    return null;
  }

  get requestId(): string {
    return this.#event?.request_id ?? this.#plain.textAt(this.#field.requestId);
  }

  #takePlain(): void {
    const field = this.#field;
    this.#event = null;
    this.tenantId = this.#text(field.tenantId);
    this.timestampMs = this.#plain.numbers[field.timestamp] as number;
    this.latencyMs = this.#plain.numberAt(field.latencyMs);
    this.timeToFirstTokenMs = this.#plain.numberAt(field.timeToFirstTokenMs);
    this.promptTokens = this.#plain.numberAt(field.promptTokens);
    this.cachedPromptTokens = this.#plain.numberAt(field.cachedPromptTokens);
    this.cacheWriteTokens = this.#plain.numberAt(field.cacheWriteTokens);
    this.audioPromptTokens = this.#plain.numberAt(field.audioPromptTokens);
    this.audioCompletionTokens = this.#plain.numberAt(field.audioCompletionTokens);
    this.cacheWrite1hTokens = this.#plain.numberAt(field.cacheWrite1hTokens);
    this.cachedAudioPromptTokens = this.#plain.numberAt(field.cachedAudioPromptTokens);
    this.imagePromptTokens = this.#plain.numberAt(field.imagePromptTokens);
    this.imageCompletionTokens = this.#plain.numberAt(field.imageCompletionTokens);
    this.reportedCostUsd = this.#plain.numberAt(field.reportedCostUsd);
    this.completionTokens = this.#plain.countAt(field.completionTokens);
    this.reasoningTokens = this.#plain.countAt(field.reasoningTokens);
    this.model = this.#text(field.model);
    this.finishReason = this.#text(field.finishReason);
    this.error = this.#plain.textOrNullAt(field.error) || null;
    this.errorKind = this.#word(ERROR_KINDS, field.errorKind);
    this.serviceTier = this.#text(field.serviceTier);
    this.costReportedBy = this.#word(COST_REPORTERS, field.costReportedBy);
    this.isOfEmbeddings = this.#plain.found[field.operation] === VALUE && this.#text(field.operation) === EMBEDDINGS;
    this.isFromCache = this.#plain.found[field.cacheHit] === VALUE;
  }

  #takeParsed(event: LlmResponse): void {
    this.#event = event;
    this.timestampMs = parseTimestampMs(event.timestamp);
    this.latencyMs = event.latency_ms ?? Number.NaN;
    this.timeToFirstTokenMs = event.time_to_first_token_ms ?? Number.NaN;
    this.promptTokens = event.prompt_tokens ?? Number.NaN;
    this.cachedPromptTokens = event.cached_prompt_tokens ?? Number.NaN;
    this.cacheWriteTokens = event.cache_write_tokens ?? Number.NaN;
    this.audioPromptTokens = event.audio_prompt_tokens ?? Number.NaN;
    this.audioCompletionTokens = event.audio_completion_tokens ?? Number.NaN;
    this.cacheWrite1hTokens = event.cache_write_1h_tokens ?? Number.NaN;
    this.cachedAudioPromptTokens = event.cached_audio_prompt_tokens ?? Number.NaN;
    this.imagePromptTokens = event.image_prompt_tokens ?? Number.NaN;
    this.imageCompletionTokens = event.image_completion_tokens ?? Number.NaN;
    this.reportedCostUsd = event.reported_cost_usd ?? Number.NaN;
    this.completionTokens = tokens(event.completion_tokens);
    this.reasoningTokens = tokens(event.reasoning_tokens);
    this.model = event.model ?? null;
    this.finishReason = event.finish_reason ?? null;
    this.error = event.error || null;
    this.errorKind = event.error_kind ?? null;
    this.serviceTier = event.service_tier ?? null;
    this.costReportedBy = event.cost_reported_by ?? null;
    this.isOfEmbeddings = event.operation === EMBEDDINGS;
    this.isFromCache = event.cache_hit === true;
  }

  #takeSender(senderTenant: Uint8Array): RefusedRecord | null {
    const named = this.tenantId;
    this.tenantId ??= this.#texts.ofBytes(senderTenant, 0, senderTenant.length);
    return named === null || spells(senderTenant, named) ? null : FOREIGN_NAME;
  }

  #word<Word extends string>(words: readonly Word[], field: number): Word | null {
    return this.#plain.found[field] === VALUE ? (words[this.#plain.numbers[field] as number] ?? null) : null;
  }

  #text(field: number): string | null {
    return this.#plain.found[field] === VALUE ? this.#texts.of(this.#plain, field) : null;
  }
}

const EMBEDDINGS = 'embeddings';
const NO_BYTES = new Uint8Array(0);
