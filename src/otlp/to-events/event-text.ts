import type { CallEvent } from './call-events.ts';

/** Needs neither an escape nor a look at its surrogates. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Fields that most responses do not have. */
const RARE_NUMBERS = [
  'cache_write_1h_tokens',
  'audio_prompt_tokens',
  'cached_audio_prompt_tokens',
  'audio_completion_tokens',
  'image_prompt_tokens',
  'image_completion_tokens',
  'reported_cost_usd',
  'cache_hit',
] as const;
const RARE_TEXTS = ['error_kind', 'cost_reported_by', 'service_tier', 'finish_reason_raw'] as const;

/**
 * The event as JSON, as it lies in the log: what `JSON.stringify` writes for it without its `type`, in half the time.
 * It runs twice for each call that comes by OTLP.
 */
export function eventText(event: CallEvent): string {
  return event.type === 'request' ? requestText(event) : responseText(event);
}

function requestText(event: CallEvent & { type: 'request' }): string {
  return `{"request_id":${textOf(event.request_id)},"tenant_id":${textOf(event.tenant_id)},"route":${textOf(event.route)},"model":${textOf(event.model)},"timestamp":"${event.timestamp}","prompt_tokens":${event.prompt_tokens ?? null},"cached_prompt_tokens":${event.cached_prompt_tokens ?? null},"cache_write_tokens":${event.cache_write_tokens ?? null},"provider":${textOf(event.provider)},"user_id_hash":${textOf(event.user_id_hash)},"session_id":${textOf(event.session_id)},"stream":${event.stream ?? null},"operation":${textOf(event.operation)},"metadata":${metadataText(event.metadata)}}`;
}

function responseText(event: CallEvent & { type: 'response' }): string {
  const known = `{"request_id":${textOf(event.request_id)},"timestamp":"${event.timestamp}","latency_ms":${event.latency_ms ?? null},"time_to_first_token_ms":${event.time_to_first_token_ms ?? null},"completion_tokens":${event.completion_tokens ?? null},"reasoning_tokens":${event.reasoning_tokens ?? null},"prompt_tokens":${event.prompt_tokens ?? null},"cached_prompt_tokens":${event.cached_prompt_tokens ?? null},"cache_write_tokens":${event.cache_write_tokens ?? null},"model":${textOf(event.model)},"operation":${textOf(event.operation)},"finish_reason":${textOf(event.finish_reason)},"error":${textOf(event.error)}`;
  let rare = '';
  for (const name of RARE_NUMBERS) {
    const value = event[name];
    if (value !== undefined) rare += `,"${name}":${value}`;
  }
  for (const name of RARE_TEXTS) {
    const value = event[name];
    if (value !== undefined) rare += `,"${name}":${textOf(value)}`;
  }
  return `${known}${rare}}`;
}

function textOf(value: string | null | undefined): string {
  if (value === null || value === undefined) return 'null';
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
}

function metadataText(metadata: object | null | undefined): string {
  if (metadata === null || metadata === undefined) return 'null';
  let text = '';
  for (const [key, value] of Object.entries(metadata)) {
    const written = typeof value === 'string' ? textOf(value) : JSON.stringify(value);
    text += text === '' ? `{${textOf(key)}:${written}` : `,${textOf(key)}:${written}`;
  }
  return text === '' ? '{}' : `${text}}`;
}
