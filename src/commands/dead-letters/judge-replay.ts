import type { NewRecord } from '../../event-log/event-log.ts';
import { type EventType, type InputTopic, TOPIC_OF, TOPICS } from '../../events/topics.ts';
import { payloadOf } from '../../events/wire-format.ts';
import type { DeadLetter } from '../../metrics-store/outbox.ts';

/** What a replay has to know about the world to tell whether it makes sense. */
export interface ReplayFacts {
  readonly readRecord: ReadRecord;
  readonly nowMs: number;
  readonly joinTimeoutMs: number;
  readonly dedupHorizonMs: number;
  /**
   * Whether a request of this id, and of that tenant or of any, was logged at most so long before what is appended now.
   */
  readonly hasRequest: (request: { requestId: string; tenantId: string | null }, withinMs: number) => boolean;
  /** Whether a call of this request is stored already. */
  readonly isCounted: (requestId: string) => boolean;
}

/** Reads a record as the processor does. */
export type ReadRecord = (
  type: EventType,
  record: Pick<DeadLetter, 'value'> & { readonly key: Uint8Array; readonly senderTenant: Uint8Array | null },
) =>
  | { readonly ok: true; readonly event: object; readonly value: Uint8Array; readonly tenantId: string | null }
  | { readonly ok: false; readonly detail: string };

export type ReplayVerdict =
  | { readonly isReplayable: true; readonly record: NewRecord }
  | { readonly isReplayable: false; readonly why: string };

const TYPE_OF = Object.fromEntries(Object.entries(TOPIC_OF).map(([type, topic]) => [topic, type])) as Record<
  InputTopic,
  EventType
>;

/**
 * Whether appending a dead letter again would count it, and count it once.
 *
 * - It must be valid now: what was refused as `invalid` stays so, unless a newer program takes it.
 * - Its key must be its id: a `key_mismatch` is replayed under the right one.
 * - Its id must not have been seen on its topic within the dedup horizon, or it would be taken as a repetition. Refused
 *   records leave no trace there; orphans do.
 * - A response, or an evaluation without dimensions, needs its request near it in the log, of its own tenant if it has
 *   one.
 * - A request must not have been counted since: the sender may have sent it again, correctly.
 */
export function judgeReplay(letter: DeadLetter, facts: ReplayFacts): ReplayVerdict {
  const id = requestIdOf(letter);
  if (id === null) return no('its value holds no request_id');
  const parsed = facts.readRecord(TYPE_OF[letter.topic], {
    ...letter,
    key: Buffer.from(id),
    senderTenant: bytesOrNull(letter.tenantId),
  });
  if (!parsed.ok) return no(`it is still not valid: ${parsed.detail}`);
  const wasSeen = letter.reason !== 'invalid' && letter.reason !== 'key_mismatch';
  const freeAtMs = letter.loggedAtMs + facts.dedupHorizonMs;
  if (wasSeen && facts.nowMs <= freeAtMs) {
    return no(`it would be taken as a repetition until ${new Date(freeAtMs).toISOString()} (DEDUP_HORIZON)`);
  }
  if (letter.topic === TOPICS.requests && facts.isCounted(id))
    return no('a call with this request_id is counted already');
  if (
    needsRequest(letter, parsed.event) &&
    !facts.hasRequest({ requestId: id, tenantId: parsed.tenantId }, reachMs(letter, facts))
  ) {
    return no(
      'no request with its request_id, and of its tenant where it has one, lies within JOIN_TIMEOUT in the log; send the request again first',
    );
  }
  const { topic, tenantId: senderTenant } = letter;
  return { isReplayable: true, record: { topic, key: id, value: parsed.value, senderTenant } };
}

export function requestIdOf(letter: DeadLetter): string | null {
  return textField(letter, 'request_id');
}

/** Whose a record says it is. */
export function tenantIdOf(record: Pick<DeadLetter, 'value'>): string | null {
  return textField(record, 'tenant_id');
}

function textField({ value }: Pick<DeadLetter, 'value'>, name: string): string | null {
  if (value === null) return null;
  try {
    const text = (JSON.parse(Buffer.from(payloadOf(value)).toString('utf8')) as Record<string, unknown> | null)?.[name];
    return typeof text === 'string' && text !== '' ? text : null;
  } catch {
    return null;
  }
}

function needsRequest({ topic }: DeadLetter, event: object): boolean {
  if (topic === TOPICS.responses) return true;
  const { tenant_id: tenant, route, model } = event as Record<string, unknown>;
  return topic === TOPICS.evaluations && (tenant === undefined || route === undefined || model === undefined);
}

/** A response waits as long as its request does; an evaluation finds the calls that are remembered. */
function reachMs({ topic }: DeadLetter, { joinTimeoutMs, dedupHorizonMs }: ReplayFacts): number {
  return topic === TOPICS.responses ? joinTimeoutMs : Math.min(joinTimeoutMs, dedupHorizonMs);
}

function bytesOrNull(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text);
}

function no(why: string): ReplayVerdict {
  return { isReplayable: false, why };
}
