import type { LogRecord } from '../../../event-log/event-log.ts';
import { ERROR_KINDS, type ErrorKind } from '../../../events/error-kind.ts';
import {
  COST_REPORTERS,
  type CostReporter,
  KEPT_OF_RESPONSE,
  type KeptOfResponse,
  LlmResponse,
  RESPONSE_FIELDS,
} from '../../../events/llm-response.ts';
import { ABSENT, PlainEvent, VALUE } from '../../../events/plain-event.ts';
import { payloadOf } from '../../../events/wire-format.ts';
import type { Facts } from '../../../reports/report.ts';
import { fieldNumbers, KeptReader } from './event-reader.ts';
import { FOREIGN_NAME, parseRecord, type RefusedRecord, spells } from './parse-record.ts';
import { TextDictionary } from './text-dictionary.ts';

/** What a response says, as the core wants it. */
export interface ResponseFacts {
  readonly requestId: string;
  readonly timestampMs: number;
  /** NaN where it is unknown; likewise all counts below. What absence means is said in `RESPONSE_FIELDS`. */
  readonly latencyMs: number;
  /** Where it says nothing of the latency, the clocks of both halves do; null is a word of its own: unknown. */
  readonly isLatencyAbsent: boolean;
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
  readonly webSearchRequests: number;
  readonly reportedCostUsd: number;
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
  /** What a single call keeps of it as it was sent; null where it says nothing of that. */
  kept(): KeptOfResponse | null;
}

/** As `RequestRecord`, for the responses topic. */
export class ResponseRecord implements ResponseFacts {
  timestampMs = 0;
  latencyMs = 0;
  isLatencyAbsent = false;
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
  webSearchRequests = 0;
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

  readonly #event = new PlainEvent(LlmResponse, RESPONSE_FIELDS);
  readonly #field = fieldNumbers(this.#event, RESPONSE_FIELDS);
  readonly #kept = new KeptReader<typeof RESPONSE_FIELDS>(this.#event, KEPT_OF_RESPONSE);
  readonly #texts = new TextDictionary();

  /** Why the record is refused; null for a valid one. */
  read(record: Omit<LogRecord, 'offset' | 'loggedAtMs'>): RefusedRecord | null {
    const { key, senderTenant } = record;
    const value = record.value === null ? null : payloadOf(record.value);
    const event = this.#event;
    const field = this.#field;
    if (key !== null && value !== null && event.read(value) && event.isAt(field.request_id, key)) {
      this.key = key;
      this.value = value;
      this.tenantId = this.#text(field.tenant_id);
      this.#take();
      return senderTenant === null ? null : this.#takeSender(senderTenant);
    }
    const parsed = parseRecord('response', record);
    if (!parsed.ok) return parsed;
    this.key = parsed.key;
    this.value = parsed.value;
    this.tenantId = parsed.tenantId;
    this.take(parsed.event);
    return null;
  }

  /** Takes what an event that is known to be valid says of its call. */
  take(event: LlmResponse): void {
    this.#event.take(event);
    this.#take();
  }

  /**
   * Takes what a report that is known to be valid says of its call, and knows no failure. What is kept of a response is
   * not to be asked for then, nor its id and times.
   */
  takeFacts(facts: Facts, latencyMs: number | null): void {
    this.#event.release();
    this.latencyMs = numberOf(latencyMs);
    this.isLatencyAbsent = false;
    this.timeToFirstTokenMs = numberOf(facts.time_to_first_token_ms);
    this.promptTokens = numberOf(facts.prompt_tokens);
    this.cachedPromptTokens = numberOf(facts.cached_prompt_tokens);
    this.cacheWriteTokens = numberOf(facts.cache_write_tokens);
    this.audioPromptTokens = numberOf(facts.audio_prompt_tokens);
    this.audioCompletionTokens = numberOf(facts.audio_completion_tokens);
    this.cacheWrite1hTokens = numberOf(facts.cache_write_1h_tokens);
    this.cachedAudioPromptTokens = numberOf(facts.cached_audio_prompt_tokens);
    this.imagePromptTokens = numberOf(facts.image_prompt_tokens);
    this.imageCompletionTokens = numberOf(facts.image_completion_tokens);
    this.webSearchRequests = numberOf(facts.web_search_requests);
    this.reportedCostUsd = numberOf(facts.reported_cost_usd);
    this.completionTokens = numberOf(facts.completion_tokens);
    this.reasoningTokens = numberOf(facts.reasoning_tokens);
    this.model = facts.answered_model ?? null;
    this.finishReason = facts.finish_reason ?? null;
    this.error = null;
    this.errorKind = null;
    this.serviceTier = facts.service_tier ?? null;
    this.costReportedBy = facts.cost_reported_by ?? null;
    this.isOfEmbeddings = facts.operation === EMBEDDINGS;
    this.isFromCache = facts.cache_hit === true;
  }

  get requestId(): string {
    return this.#event.textAt(this.#field.request_id);
  }

  kept(): KeptOfResponse | null {
    return this.#kept.read();
  }

  #take(): void {
    const event = this.#event;
    const field = this.#field;
    this.timestampMs = event.numbers[field.timestamp] as number;
    this.latencyMs = event.numbers[field.latency_ms] as number;
    this.isLatencyAbsent = event.found[field.latency_ms] === ABSENT;
    this.timeToFirstTokenMs = event.numbers[field.time_to_first_token_ms] as number;
    this.promptTokens = event.numbers[field.prompt_tokens] as number;
    this.cachedPromptTokens = event.numbers[field.cached_prompt_tokens] as number;
    this.cacheWriteTokens = event.numbers[field.cache_write_tokens] as number;
    this.audioPromptTokens = event.numbers[field.audio_prompt_tokens] as number;
    this.audioCompletionTokens = event.numbers[field.audio_completion_tokens] as number;
    this.cacheWrite1hTokens = event.numbers[field.cache_write_1h_tokens] as number;
    this.cachedAudioPromptTokens = event.numbers[field.cached_audio_prompt_tokens] as number;
    this.imagePromptTokens = event.numbers[field.image_prompt_tokens] as number;
    this.imageCompletionTokens = event.numbers[field.image_completion_tokens] as number;
    this.webSearchRequests = event.numbers[field.web_search_requests] as number;
    this.reportedCostUsd = event.numbers[field.reported_cost_usd] as number;
    this.completionTokens = event.numbers[field.completion_tokens] as number;
    this.reasoningTokens = event.numbers[field.reasoning_tokens] as number;
    this.model = this.#text(field.model);
    this.finishReason = this.#text(field.finish_reason);
    this.error = event.textOrNullAt(field.error) || null;
    this.errorKind = this.#word(ERROR_KINDS, field.error_kind);
    this.serviceTier = this.#text(field.service_tier);
    this.costReportedBy = this.#word(COST_REPORTERS, field.cost_reported_by);
    this.isOfEmbeddings = event.found[field.operation] === VALUE && this.#text(field.operation) === EMBEDDINGS;
    this.isFromCache = event.found[field.cache_hit] === VALUE;
  }

  #takeSender(senderTenant: Uint8Array): RefusedRecord | null {
    const named = this.tenantId;
    this.tenantId ??= this.#texts.ofBytes(senderTenant, 0, senderTenant.length);
    return named === null || spells(senderTenant, named) ? null : FOREIGN_NAME;
  }

  #word<Word extends string>(words: readonly Word[], field: number): Word | null {
    return this.#event.found[field] === VALUE ? (words[this.#event.numbers[field] as number] ?? null) : null;
  }

  #text(field: number): string | null {
    return this.#event.found[field] === VALUE ? this.#texts.of(this.#event, field) : null;
  }
}

const EMBEDDINGS = 'embeddings';

const numberOf = (value: number | null | undefined): number => value ?? Number.NaN;

const NO_BYTES = new Uint8Array(0);
