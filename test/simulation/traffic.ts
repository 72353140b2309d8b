import type { NewRecord } from '../../src/event-log/event-log.ts';
import { malformed } from './malformed.ts';
import { aMarker } from './marker.ts';
import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import { drawTraces } from './traces.ts';

/** Something that a sender sends at an instant of virtual time, all in one request. */
export interface Sending {
  readonly atMs: number;
  readonly records: readonly NewRecord[];
}

/** Tenants who let their ids be random, or who do not care. */
const CAREFUL_TENANTS = ['acme', 'globex', 'ünïcode ✓'] as const;

/** Tenants who number their calls 1, 2, 3. */
const NUMBERING_TENANTS = ['initech', 'hooli', 'ümbrella'] as const;

/** Sends with a key of its own whatever could get it into the others' calls. */
const MALLORY = 'mallory';

/** Whose calls are that came by OTLP, where nobody says it. */
const NOBODY = 'default';

export const TENANTS = [...CAREFUL_TENANTS, ...NUMBERING_TENANTS, MALLORY, NOBODY] as const;

/** How a sender tells whose its events are: by its API key, by their own fields, or not at all but in requests. */
type Identity = 'keyed' | 'named' | 'unnamed';

const ROUTES = ['chat', 'search'] as const;
const MODELS = ['cheap', 'banded', 'unknown'] as const;
const PROVIDERS = ['openai', 'anthropic', null, undefined] as const;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Json = Readonly<Record<string, unknown>>;

/** All that senders will send in a schedule, in order of time. Retries after errors are up to the senders. */
export function drawTraffic(plan: Plan, random: Random): readonly Sending[] {
  const sendings: Sending[] = [];
  const traffic = new Traffic(plan, random, sendings);
  for (let i = 0; i < plan.callCount; i++) traffic.call(`call-${i}`);
  const sharedIds = plan.growth === null ? Math.max(random.pick([0, 2, 6]), plan.sharedIdsMin) : 0;
  for (let i = sharedIds; i > 0; i--) traffic.numbered(`${i}`);
  for (let i = plan.growth === null ? random.pick([0, 0, 3, 10]) : 0; i > 0; i--) {
    traffic.malice(random.chance(0.5) ? `call-${random.int(0, plan.callCount - 1)}` : `${random.int(1, 6)}`);
  }
  for (let i = random.pick([0, 0, 5, 15]); i > 0; i--) {
    const topic = random.pick(['llm.requests', 'llm.responses', 'llm.evaluations', 'llm.reports'] as const);
    sendings.push({ atMs: random.int(0, plan.trafficMs), records: [aMarker(topic, i)] });
  }
  sendings.push(...drawTraces(plan, random));
  return sendings.sort((a, b) => a.atMs - b.atMs);
}

class Traffic {
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #sendings: Sending[];

  constructor(plan: Plan, random: Random, sendings: Sending[]) {
    this.#plan = plan;
    this.#random = random;
    this.#sendings = sendings;
  }

  call(id: string): void {
    const random = this.#random;
    const { trafficMs, dedupHorizonMs } = this.#plan;
    const atMs = random.int(0, trafficMs);
    const dims = this.#dimensions();
    const identity = random.pick(['unnamed', 'unnamed', 'keyed', 'named'] as const);
    this.#life(id, atMs, dims, identity);
    // The same id again when the first is just about to be forgotten: a late retry. Long after, it is another call.
    const comesAgain = this.#plan.growth === null;
    if (comesAgain && random.chance(0.08)) this.#life(id, atMs + this.#near(dedupHorizonMs), dims, identity);
    if (comesAgain && random.chance(0.08)) {
      this.#life(id, atMs + dedupHorizonMs + random.int(500, 2500), this.#dimensions(), identity);
    }
    // Under the key of the call, shortly before it or at any time.
    const badAtMs = random.chance(0.5) ? Math.max(0, atMs - random.int(0, 1500)) : random.int(0, trafficMs);
    if (random.chance(this.#plan.malformedRate)) this.#send(badAtMs, malformed(id, random));
  }

  /** The same id from several tenants at about the same time. */
  numbered(id: string): void {
    const random = this.#random;
    const atMs = random.int(0, this.#plan.trafficMs);
    for (const tenant of NUMBERING_TENANTS) {
      const identity = random.pick(['keyed', 'keyed', 'named', 'unnamed'] as const);
      const dims = { ...this.#dimensions(), tenant_id: tenant };
      if (random.chance(0.8)) this.#life(id, Math.max(0, atMs + this.#delay()), dims, identity);
    }
  }

  /** Another tenant's id: squatted, answered, judged, or with a lie about whose it is. */
  malice(id: string): void {
    const random = this.#random;
    const atMs = random.int(0, this.#plan.trafficMs);
    const victim = random.pick([...CAREFUL_TENANTS, ...NUMBERING_TENANTS, MALLORY]);
    const own = { route: 'chat', model: 'cheap', tenant_id: MALLORY };
    const events: Readonly<Record<string, readonly Json[]>> = {
      'llm.requests': [this.#request(id, random.chance(0.8) ? own : { ...own, tenant_id: victim }, atMs)],
      'llm.responses': [this.#response(id, atMs), { ...this.#response(id, atMs), tenant_id: victim }],
      'llm.evaluations': [
        { ...this.#evaluation(id, {}, atMs), score: -1000 },
        { ...this.#evaluation(id, {}, atMs), ...own, tenant_id: victim },
      ],
    };
    const topic = random.pick(['llm.requests', 'llm.responses', 'llm.responses', 'llm.evaluations'] as const);
    this.#sendRepeated(topic, atMs, random.pick(events[topic] ?? []), MALLORY);
  }

  /** One call with its halves, repetitions and judgements. */
  #life(id: string, atMs: number, dims: Json & { readonly tenant_id: string }, identity: Identity): void {
    const random = this.#random;
    const sender = identity === 'keyed' ? dims.tenant_id : null;
    const name = identity === 'named' ? { tenant_id: dims.tenant_id } : {};
    const request = this.#request(id, dims, atMs);
    const hasRequest = !random.chance(0.06);
    if (hasRequest) this.#sendRepeated('llm.requests', atMs, request, sender);
    if (!random.chance(0.1)) {
      const answeredAtMs = Math.max(0, atMs + this.#delay());
      this.#sendRepeated('llm.responses', answeredAtMs, { ...this.#response(id, answeredAtMs), ...name }, sender);
      // Two different answers to one call: the first one counts.
      if (this.#plan.growth === null && random.chance(0.05)) {
        const other = { ...this.#response(id, atMs), ...name };
        this.#sendRepeated('llm.responses', answeredAtMs + this.#delay(), other, sender);
      }
    }
    for (let i = random.pick(this.#plan.growth === null ? [0, 0, 0, 1, 2] : [0, 0, 0, 1]); i > 0; i--) {
      const judgedAtMs = Math.max(0, atMs + this.#delay());
      const evaluation = { ...this.#evaluation(id, dims, judgedAtMs), ...name };
      this.#sendRepeated('llm.evaluations', judgedAtMs, evaluation, sender);
    }
  }

  #sendRepeated(topic: NewRecord['topic'], atMs: number, event: Json, sender: string | null): void {
    const random = this.#random;
    const record = toRecord(topic, event, sender);
    if (random.chance(0.1)) {
      const batch = Array.from({ length: random.int(1, 3) }, () => record);
      return this.#send(atMs, ...batch);
    }
    this.#send(atMs, record);
    let againMs = atMs;
    while (random.chance(0.15)) {
      againMs += random.pick([0, 10, this.#near(this.#plan.dedupHorizonMs)]);
      // A careless client fills in other numbers when it tries again; a repetition changes nothing all the same.
      const again =
        this.#plan.growth === null && random.chance(0.3)
          ? toRecord(topic, { ...event, prompt_tokens: random.int(0, 99) }, sender)
          : record;
      this.#send(againMs, again);
    }
  }

  #send(atMs: number, ...records: NewRecord[]): void {
    this.#sendings.push({ atMs, records });
  }

  /** Mostly short; often about the join timeout, now and then beyond it or negative. */
  #delay(): number {
    const random = this.#random;
    const { growth, joinTimeoutMs } = this.#plan;
    // From which of two repetitions the timeout is measured depends on which was read first while topics grow.
    const aboutMs = growth === null ? joinTimeoutMs : joinTimeoutMs / 2;
    const kind = random.fraction();
    if (kind < 0.5) return random.int(0, 300);
    if (kind < 0.75) return this.#near(aboutMs);
    if (kind < 0.85) return -random.int(0, 300);
    if (kind < 0.9) return -this.#near(aboutMs);
    return random.int(0, 4000);
  }

  #near(ms: number): number {
    return Math.max(0, ms + this.#random.pick([-200, -50, -10, -1, 0, 0, 0, 1, 10, 50, 200]));
  }

  #dimensions(): { tenant_id: string; route: string; model: string } {
    const random = this.#random;
    return { tenant_id: random.pick(CAREFUL_TENANTS), route: random.pick(ROUTES), model: random.pick(MODELS) };
  }

  #request(id: string, dims: Json, atMs: number): Json {
    const random = this.#random;
    return {
      request_id: id,
      ...dims,
      timestamp: this.#timestamp(atMs),
      prompt_tokens: this.#tokens(),
      provider: random.pick(PROVIDERS),
      cached_prompt_tokens: random.chance(0.3) ? random.int(0, 2000) : undefined,
      cache_write_tokens: random.chance(0.1) ? random.int(0, 500) : undefined,
      user_id_hash: random.pick([undefined, null, 'u1', 'u2', 'ü3', '__overflow__']),
      session_id: random.pick([undefined, 's1', 's2', '']),
      metadata: random.pick([undefined, null, { plan: 'pro', n: 1 }, { n: 'x'.repeat(256) }, { n: true }, { n: [] }]),
      surplus: random.pick([undefined, { any: ['thing'] }]),
    };
  }

  #response(id: string, atMs: number): Json {
    const random = this.#random;
    const response = {
      request_id: id,
      timestamp: this.#timestamp(atMs),
      latency_ms: random.pick([undefined, null, 0, 0.0004, 1, 1024, 0.5, random.int(1, 3_000_000) / 1000]),
      completion_tokens: this.#tokens(),
      finish_reason: random.pick([undefined, null, 'stop', 'stop', 'cancelled']),
      error: random.pick([undefined, undefined, undefined, null, '', 'rate limited', 'HTTP 503', 'the user aborted']),
      error_kind: random.pick([undefined, undefined, undefined, null, 'timeout', 'other', 'cancelled']),
      time_to_first_token_ms: random.pick([undefined, undefined, null, random.int(1, 90_000) / 100]),
      reasoning_tokens: random.pick([undefined, undefined, null, 7]),
      prompt_tokens: random.pick([undefined, undefined, null, random.int(0, 3000)]),
      model: random.pick([undefined, undefined, null, 'cheap', 'unknown']),
      cached_prompt_tokens: random.pick([undefined, undefined, null, random.int(0, 900)]),
      audio_prompt_tokens: random.pick([undefined, undefined, random.int(0, 900)]),
      audio_completion_tokens: random.pick([undefined, undefined, random.int(0, 900)]),
      cache_write_1h_tokens: random.pick([undefined, undefined, null, random.int(0, 300)]),
      cached_audio_prompt_tokens: random.pick([undefined, undefined, random.int(0, 400)]),
      image_prompt_tokens: random.pick([undefined, undefined, random.int(0, 400)]),
      image_completion_tokens: random.pick([undefined, undefined, random.int(0, 400)]),
      service_tier: random.pick([undefined, undefined, null, 'default', 'batch', 'made-up']),
      reported_cost_usd: random.pick([undefined, undefined, undefined, null, 0, random.int(0, 1e6) / 1e9]),
      cost_reported_by: random.pick([undefined, null, 'provider', 'gateway', 'client']),
      cache_hit: random.pick([undefined, undefined, undefined, null, false, true]),
    };
    // Not drawn, so that seeds that found a bug are still those.
    const { image_completion_tokens: images } = response;
    const searches = images === undefined ? undefined : [null, 0, 1, 2, 5][images % 5];
    return { ...response, web_search_requests: searches };
  }

  #evaluation(id: string, dims: Json, atMs: number): Json {
    const random = this.#random;
    const own = random.chance(0.25) ? dims : random.chance(0.1) ? { tenant_id: 'acme' } : {};
    return {
      request_id: id,
      name: random.pick(['helpful', 'safe']),
      timestamp: this.#timestamp(atMs),
      score: random.pick([undefined, null, random.int(-1000, 1000) / 1000]),
      label: random.pick([undefined, null, '', 'good', 'bad']),
      passed: random.pick([undefined, null, true, false]),
      evaluator: random.pick([undefined, null, 'judge-1']),
      ...own,
    };
  }

  #tokens(): number | null | undefined {
    return this.#random.pick([undefined, null, 0, 10, 999, 1000, this.#random.int(0, 5000)]);
  }

  /** A sender's clock: right, skewed, hours or days late, on a boundary, in any spelling of RFC 3339. */
  #timestamp(atMs: number): string {
    const random = this.#random;
    let ms = this.#plan.epochMs + atMs + random.pick([0, 0, 0, 1500, -1500, -90_000]);
    if (random.chance(0.1)) ms -= random.pick([HOUR, 7 * HOUR, 49 * HOUR]);
    if (random.chance(0.1)) ms -= ms % random.pick([MINUTE, HOUR, 24 * HOUR]);
    const offsetMinutes = random.pick([0, 0, 0, 120, -330]);
    const local = new Date(ms + offsetMinutes * MINUTE).toISOString().slice(0, -1);
    const fraction = random.pick(['', '', '999', '000000']);
    if (offsetMinutes === 0) return `${local}${fraction}Z`;
    const clock = new Date(Math.abs(offsetMinutes) * MINUTE).toISOString().slice(11, 16);
    return `${local}${fraction}${offsetMinutes < 0 ? '-' : '+'}${clock}`;
  }
}

function toRecord(topic: NewRecord['topic'], event: Json, senderTenant: string | null): NewRecord {
  return { topic, key: String(event['request_id']), value: Buffer.from(JSON.stringify(event)), senderTenant };
}
