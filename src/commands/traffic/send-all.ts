import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSender } from './event-sender.ts';
import type { TrafficEvent } from './traffic-event.ts';

export interface SendOptions {
  /** Events in one post, at most. */
  readonly batchMax: number;
  /** Posts under way at once, at most. */
  readonly postsMax: number;
  /** Whether to wait until an event is due; otherwise everything goes as fast as it is taken. */
  readonly isPaced: boolean;
  /** Stops the sending; what is under way is finished. */
  readonly signal: AbortSignal;
  readonly onSent: (calls: number) => void;
}

/**
 * Sends all events. The first post goes alone: when nobody is there, one attempt tells.
 *
 * @throws {SendError} what ended it
 */
export async function sendAll(
  events: Iterable<TrafficEvent>,
  sender: EventSender,
  options: SendOptions,
): Promise<void> {
  const stopped = new AbortController();
  const posts = inBatches(events, options, AbortSignal.any([options.signal, stopped.signal]));
  const send = async (post: readonly TrafficEvent[]) => {
    await sender.send(post);
    options.onSent(post.reduce((sum, { endsCall }) => sum + Number(endsCall), 0));
  };
  const first = await posts.next();
  if (first.done === true) return;
  await send(first.value);
  const sendTheRest = async () => {
    try {
      for await (const post of { [Symbol.asyncIterator]: () => ({ next: () => posts.next() }) }) await send(post);
    } catch (error) {
      stopped.abort();
      throw error;
    }
  };
  await Promise.all(Array.from({ length: options.postsMax }, sendTheRest));
}

async function* inBatches(
  events: Iterable<TrafficEvent>,
  { batchMax, isPaced }: SendOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly TrafficEvent[], undefined> {
  const startedMs = performance.now();
  let gathered: TrafficEvent[] = [];
  for (const event of events) {
    const waitMs = isPaced ? event.atMs - (performance.now() - startedMs) : 0;
    if (gathered.length >= batchMax || (waitMs > 0 && gathered.length > 0)) {
      yield gathered;
      gathered = [];
    }
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    gathered.push(event);
  }
  if (gathered.length > 0) yield gathered;
  return undefined;
}
