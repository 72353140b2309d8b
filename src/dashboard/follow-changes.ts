import type { Api } from './api.ts';
import { backoffMs } from './backoff.ts';
import { EventStreamParser, type ServerEvent } from './event-stream.ts';
import { pause, untilVisible } from './pause.ts';

export interface Followed {
  /** Null: all that the reader may see. */
  readonly tenant: string | null;
  readonly route: string | null;
  readonly model: string | null;
}

export interface Follower {
  /** No row that starts before this has changed; 0: any may have. */
  onChange(changedFromMs: number): void;
  /** Whether changes are being heard of. */
  onConnected(isConnected: boolean): void;
}

/** Sent every 15 s; a stream that is silent for longer than this is dead, whatever the socket says. */
const SILENCE_MS_MAX = 40_000;

/**
 * Listens to the changed rows until the signal aborts, resuming where a stream broke off. By `fetch`, since
 * `EventSource` cannot send a key.
 */
export async function followChanges(
  api: Api,
  followed: Followed,
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | null = null;
  let failures = 0;
  const { tenant, route, model } = followed;
  const parameters = { tenant_id: tenant, route, model, rows: 'false' };
  while (!signal.aborted) {
    await untilVisible(signal);
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    try {
      const body = await api.stream('/v1/metrics/stream', { parameters, lastEventId, signal: either });
      follower.onConnected(true);
      // What changed between the last answer and this moment was not heard of.
      follower.onChange(0);
      failures = 0;
      await readEvents(body, silence, ({ id, data }) => {
        lastEventId = id ?? lastEventId;
        follower.onChange(changedFromMs(data));
      });
    } catch {
      // The snapshot tells why the API is not reached; here it only matters to come back.
    }
    if (signal.aborted) return;
    failures += 1;
    follower.onConnected(false);
    // Once, so that the reader hears at once whether the API is gone; from then on the snapshot has waits of its own.
    if (failures === 1) follower.onChange(0);
    await pause(backoffMs(failures, Math.random()), signal);
  }
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  silence: AbortController,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  const parser = new EventStreamParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    for (const event of parser.push(decoder.decode(value, { stream: true }))) onEvent(event);
  }
}

/** An API of another version may say it otherwise; then anything may have changed. */
function changedFromMs(data: string): number {
  try {
    return Date.parse((JSON.parse(data) as { window_start?: string }).window_start ?? '') || 0;
  } catch {
    return 0;
  }
}
