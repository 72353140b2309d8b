import type { EventLog, NewRecord } from '../../../src/event-log/event-log.ts';
import { TOPICS } from '../../../src/events/topics.ts';
import { SeededRandom } from './seeded-random.ts';
import { type CallPlan, makeCall, requestLine, responseLine, type SentCall } from './sent-call.ts';

/** `together`: the two halves of a call lie close. `apart`: every request lies before the first response. */
export type BacklogOrder = 'together' | 'apart';

export interface BacklogOptions {
  readonly plan: CallPlan;
  readonly calls: number;
  readonly order: BacklogOrder;
}

const CALLS_PER_APPEND = 4_000;
const APPENDS_IN_FLIGHT = 3;

/** Fills the topics without any API, as fast as the log takes it. Every call has both halves. */
export async function appendBacklog(log: EventLog, { plan, calls, order }: BacklogOptions): Promise<void> {
  const halves: (keyof typeof RECORDS)[][] =
    order === 'together' ? [['request', 'response']] : [['request'], ['response']];
  for (const wanted of halves) {
    // The same seed again: the second pass answers the calls of the first.
    const random = new SeededRandom(7);
    const inFlight = new Set<Promise<void>>();
    for (let first = 0; first < calls; first += CALLS_PER_APPEND) {
      const made = Array.from({ length: CALLS_PER_APPEND }, (_, i) => completed(plan, String(first + i), random));
      const appending = log.append(wanted.flatMap((half) => made.map((call) => RECORDS[half](call))));
      inFlight.add(appending);
      void appending.finally(() => inFlight.delete(appending)).catch(() => undefined);
      if (inFlight.size >= APPENDS_IN_FLIGHT) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
  }
}

const RECORDS = {
  request: (call: SentCall): NewRecord => record(TOPICS.requests, call, requestLine(call)),
  response: (call: SentCall): NewRecord => record(TOPICS.responses, call, responseLine(call)),
};

function record(topic: NewRecord['topic'], call: SentCall, line: string): NewRecord {
  return { topic, key: call.requestId, value: Buffer.from(line) };
}

function completed(plan: CallPlan, id: string, random: SeededRandom): SentCall {
  const call = makeCall(plan, id, random);
  return call.answer === undefined ? { ...call, answer: { completionTokens: 1, latencyMs: 1, error: null } } : call;
}
