import type { OtlpLog } from './decode/log-export.ts';
import { isModelRequest } from './dialects/logs/codex.ts';
import { countFrom, durationFrom, textFrom } from './dialects/read-value.ts';
import { endMsOf } from './log-span.ts';

/**
 * How long the answers of Codex took. The record of their end does not say so; that of the request before it does, as
 * far as the headers: the call began its duration before that. Within one export only: where a long stream ends in a
 * later one, its duration stays unknown.
 */
export function codexDurations(logs: readonly OtlpLog[]): ReadonlyMap<OtlpLog, number> {
  const durations = new Map<OtlpLog, number>();
  const requests = new Map<string, number>();
  for (const { log, endMs } of inOrder(logs.filter(({ eventName }) => eventName.startsWith('codex.')))) {
    const conversation = textFrom(log.attributes.get('conversation.id')) ?? '';
    const headersMs = headersMsOf(log);
    if (headersMs !== null) requests.set(conversation, endMs - headersMs);
    if (countFrom(log.attributes.get('input_token_count')) === null) continue;
    const startMs = requests.get(conversation);
    if (startMs !== undefined && endMs > startMs) durations.set(log, endMs - startMs);
    // The next answer has a request of its own.
    requests.delete(conversation);
  }
  return durations;
}

function inOrder(logs: readonly OtlpLog[]): readonly { readonly log: OtlpLog; readonly endMs: number }[] {
  return logs.map((log) => ({ log, endMs: endMsOf(log) })).sort((a, b) => a.endMs - b.endMs);
}

/** @returns null for anything but a request of a model that was answered well */
function headersMsOf({ eventName, attributes }: OtlpLog): number | null {
  if (eventName !== 'codex.api_request' || !isModelRequest(attributes)) return null;
  const status = countFrom(attributes.get('http.response.status_code'));
  return (status ?? 0) >= 400 ? null : durationFrom(attributes.get('duration_ms'), 1);
}
