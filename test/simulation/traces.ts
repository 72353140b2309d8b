import type { NewRecord } from '../../src/event-log/event-log.ts';
import { correlationKey } from '../../src/events/correlation-key.ts';
import type { Plan } from './plan.ts';
import { proxiedCalls } from './proxied-traces.ts';
import { Random } from './random.ts';
import { recordedCalls } from './recorded-traces.ts';
import type { Sending } from './traffic.ts';

type Json = Readonly<Record<string, unknown>>;

/** Who exports spans with an API key of its own; '' without one: there the spans say whose they are. */
const SENDERS = ['', '', '', 'acme', 'globex'] as const;
const NAMED_TENANTS = ['acme', 'ünïcode ✓', 'initech'] as const;
const MODELS = ['cheap', 'cheap', 'banded', 'unknown'] as const;
const SDK = 'com.anthropic.sdk.messages';
const SCOPES = ['openlit', 'langfuse-sdk', 'opentelemetry.instrumentation.openai', SDK] as const;
const GATEWAY = 'litellm';
const GATEWAY_NAMES = [
  { resource_route: 'proxy', resource_tenant: 'initech' },
  { http_route: '/v1/chat', user: 'key-1' },
  { tenant: 'acme', route: 'proxied', resource_route: 'proxy' },
] as const;

/** All reports of traces that senders will send in a schedule. */
export function drawTraces(plan: Plan, random: Random): readonly Sending[] {
  const traces = new Traces(plan, random, new Random(plan.seed, 6));
  for (let i = 0; i < plan.traceCount; i++) traces.draw();
  // By chance of their own, so that they do not change the others.
  const recorded = new Traces(plan, new Random(plan.seed, 13), new Random(plan.seed, 14), 1_000_000);
  for (let i = 0; i < plan.traceCount; i += RECORDED_EVERY) recorded.drawRecorded();
  const proxied = new Traces(plan, new Random(plan.seed, 16), new Random(plan.seed, 17), 2_000_000);
  // Across traces nothing is found where every trace may lie in another partition.
  if (plan.correlation !== 'trace') for (let i = 0; i < plan.traceCount; i += RECORDED_EVERY) proxied.drawProxied();
  return [...traces.sendings, ...recorded.sendings, ...proxied.sendings];
}

/** What is true of one call, of which each reporter knows a part. */
interface Truth {
  readonly sender: string;
  readonly process: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly facts: Json;
  readonly responseId: string | undefined;
}

/** So many other traces for one with log records, and for one through a gateway. */
const RECORDED_EVERY = 4;

class Traces {
  readonly sendings: Sending[] = [];
  readonly #plan: Plan;
  readonly #random: Random;
  /** Of its own, so that what is judged does not change what is reported. */
  readonly #judges: Random;
  /** Likewise, so that what gateways call themselves changes nothing else. */
  readonly #gateways: Random;
  #ids: number;
  /** When what is being drawn is sent at first, in virtual time. */
  #atMs = 0;

  constructor(plan: Plan, random: Random, judges: Random, firstId = 0) {
    this.#plan = plan;
    this.#random = random;
    this.#judges = judges;
    this.#gateways = new Random(plan.seed, 15 + firstId);
    this.#ids = firstId;
  }

  drawRecorded(): void {
    this.#drawBy(recordedCalls);
  }

  drawProxied(): void {
    this.#drawBy(proxiedCalls);
  }

  #drawBy(draftsOf: typeof recordedCalls | typeof proxiedCalls): void {
    this.#atMs = this.#random.int(0, this.#plan.trafficMs);
    const truth = this.#truth();
    const ids = { traceId: () => this.#traceId(), spanId: () => this.#spanId() };
    for (const { traceId, given } of draftsOf(this.#random, truth, ids)) {
      this.#send(this.#report({ ...truth, responseId: undefined }, traceId, { names: this.#names(), ...given }));
    }
  }

  draw(): void {
    const random = this.#random;
    this.#atMs = random.int(0, this.#plan.trafficMs);
    const kinds = [
      () => this.#parented(),
      () => this.#parented(),
      () => this.#nested(),
      () => this.#sum(),
      () => this.#agentsOnly(),
      () => this.#gateway(),
      () => this.#gateway(),
      () => this.#crowd(),
      () => this.#sameResponse(),
      () => this.#corrected(),
      () => this.#agent(),
      () => this.#stream(),
      () => this.#broken(),
    ];
    // Across traces nothing is found where every trace may lie in another partition.
    const isSpread = this.#plan.correlation === 'trace';
    random.pick(isSpread ? kinds.slice(0, 7) : kinds)();
  }

  /** A call below spans that name whose it is, and come later as often as not. */
  #parented(): void {
    const random = this.#random;
    const truth = this.#truth();
    const trace = this.#traceId();
    const [root, middle] = [this.#spanId(), this.#spanId()];
    const call = this.#report(truth, trace, { parent_id: random.pick([middle, root]) });
    const context = { kind: 'context', facts: undefined, response_id: undefined, scope: 'http' };
    const names = { tenant: random.pick(NAMED_TENANTS), route: random.pick(['search', undefined]) };
    const failure = random.chance(0.2) ? { error: 'the agent gave up', error_kind: 'timeout' } : undefined;
    this.#send(call);
    this.#send(this.#report(truth, trace, { ...context, span_id: middle, parent_id: root, failure, is_agent: true }));
    if (random.chance(0.9)) this.#send(this.#report(truth, trace, { ...context, span_id: root, names }));
  }

  /** A framework around an SDK: the inner call counts, the outer one knows more. */
  #nested(): void {
    const random = this.#random;
    const truth = this.#truth();
    const trace = this.#traceId();
    const outer = this.#report(truth, trace, { scope: 'langchain', metadata: { chain: 'qa' }, names: this.#names() });
    const inner = { ...this.#inside(truth), parent_id: outer['span_id'] };
    const knows = {
      ...truth.facts,
      finish_reason: undefined,
      reported_cost_usd: undefined,
      cost_reported_by: undefined,
    };
    this.#send(outer);
    this.#send(this.#report(truth, trace, { ...inner, facts: knows, metadata: { sdk: random.int(1, 2) } }));
  }

  /** An agent that adds up what lies below it. */
  #sum(): void {
    const random = this.#random;
    const truth = this.#truth();
    const trace = this.#traceId();
    const names = this.#names();
    const facts = { ...truth.facts, prompt_tokens: 9999, completion_tokens: 9999 };
    const whole = this.#report(truth, trace, { kind: 'sum', facts, names, duration_ms: 2000 });
    this.#send(whole);
    for (let i = random.int(0, 3); i > 0; i--) {
      const part = this.#truth();
      const startMs = truth.startMs + i * 400;
      const report = { ...part, startMs, sender: truth.sender, process: truth.process };
      this.#send(this.#report(report, trace, { parent_id: whole['span_id'] }));
    }
  }

  /** Agents whose model calls nobody traces, or come when the agents are known already. */
  #agentsOnly(): void {
    const random = this.#random;
    const truth = this.#truth();
    const trace = this.#traceId();
    const agent = { kind: 'context', facts: undefined, response_id: undefined, scope: 'crew', is_agent: true };
    for (let i = random.int(1, 3); i > 0; i--)
      this.#send(this.#report(truth, trace, { ...agent, names: this.#names() }));
    if (random.chance(0.4)) this.#send(this.#report(truth, trace, {}));
  }

  /** The application and the gateway that it calls, linked by the spans between them, or by time alone. */
  #gateway(): void {
    const random = this.#random;
    const truth = this.#truth();
    const trace = this.#traceId();
    const app = this.#report(truth, trace, { names: this.#names() });
    const http = this.#spanId();
    const charged = { reported_cost_usd: random.int(1, 1e6) / 1e9, cost_reported_by: 'gateway' };
    const between = {
      kind: 'context',
      facts: undefined,
      response_id: undefined,
      span_id: http,
      parent_id: app['span_id'],
    };
    this.#send(app);
    if (random.chance(0.7)) this.#send(this.#report(truth, trace, { ...between, scope: 'http' }));
    const names = this.#gateways.pick([undefined, ...GATEWAY_NAMES]);
    const inner = { ...this.#inside(truth), parent_id: http, scope: GATEWAY, process: 'gateway\n\n\n9', names };
    this.#send(this.#report(truth, trace, { ...inner, facts: { ...truth.facts, ...charged } }));
  }

  /** Two instrumentations of a process whose calls are all alike: the closest in time belong together. */
  #crowd(): void {
    const random = this.#random;
    const first = this.#truth();
    for (let i = random.int(1, 3); i > 0; i--) {
      const truth = { ...first, startMs: first.startMs + random.int(0, 40) * 10 };
      this.#send(
        this.#report(truth, this.#traceId(), { scope: 'langchain', response_id: undefined, names: this.#names() }),
      );
      const again = this.#inside(truth);
      if (random.chance(0.9)) this.#send(this.#report(truth, this.#traceId(), { ...again, response_id: undefined }));
    }
  }

  /** A response that two processes report, or that is read again later. */
  #sameResponse(): void {
    const random = this.#random;
    const truth = this.#truth();
    const other = { ...truth, process: random.pick([truth.process, 'gateway\n\n\n9']) };
    this.#send(this.#report(truth, this.#traceId(), { names: this.#names() }));
    const laterMs = random.pick([0, 20, 5000]);
    const inside = { ...this.#inside(other), start_ms: truth.startMs + laterMs };
    this.#send(this.#report(other, this.#traceId(), { ...inside, names: this.#names() }));
  }

  /** A span that is exported while it runs, and again when it has ended. */
  #corrected(): void {
    const random = this.#random;
    const truth = this.#truth();
    const trace = this.#traceId();
    const last = this.#report(truth, trace, { names: this.#names() });
    const facts = { ...truth.facts, completion_tokens: random.pick([undefined, 1]), finish_reason: undefined };
    const early = { ...last, duration_ms: random.pick([null, 0]), facts, response_id: undefined };
    const drafts = [early, last, ...(random.chance(0.3) ? [{ ...last, duration_ms: truth.durationMs + 1000 }] : [])];
    for (const draft of drafts) this.#send(draft);
  }

  /** A coding agent that writes a log record and a span of each call of its session. */
  #agent(): void {
    const random = this.#random;
    const session = { ...this.#truth(), process: `session-${this.#ids}` };
    for (let i = random.int(1, 2); i > 0; i--) {
      const truth = { ...session, startMs: session.startMs + i * 700 };
      const agent = { agent: 'claude_code', response_id: undefined };
      this.#send(this.#report(truth, this.#traceId(), { ...agent, scope: 'agent.spans', names: this.#names() }));
      const start_ms = truth.startMs + random.int(-300, 300);
      const record = { ...agent, scope: 'agent.events', is_log: true, start_ms, metadata: { prompt: 'p-1' } };
      if (random.chance(0.8)) this.#send(this.#report(truth, this.#traceId(), record));
    }
  }

  /** Logfire ends a span when the headers are there, and tells the end of the stream in a trace of its own. */
  #stream(): void {
    const truth = this.#truth();
    const logfire = { scope: 'logfire.openai', request_digest: `digest-${this.#random.int(1, 2)}` };
    const asked = { model: truth.facts['model'], stream: true };
    const opening = { ...logfire, facts: asked, duration_ms: 20, response_id: undefined, names: this.#names() };
    this.#send(this.#report(truth, this.#traceId(), opening));
    const end = { ...logfire, kind: 'stream end', start_ms: truth.startMs + 20, duration_ms: this.#random.int(5, 900) };
    this.#send(this.#report(truth, this.#traceId(), end));
  }

  /** What any producer may write to the topic. */
  #broken(): void {
    const random = this.#random;
    const good = this.#report(this.#truth(), this.#traceId(), {});
    const text = random.pick(['', '{"sender": ', 'null', JSON.stringify({ ...good, trace_id: 'f00' })]);
    const key = correlationKey(this.#plan.correlation, '', this.#traceId());
    this.#sendAt(0, [{ topic: 'llm.reports', key, value: Buffer.from(text), senderTenant: null }]);
    if (random.chance(0.5)) this.#send({ ...good, sender: undefined });
  }

  #truth(): Truth {
    const random = this.#random;
    const isFailed = random.chance(0.15);
    const answer = {
      completion_tokens: random.pick([3, 40, 999]),
      finish_reason: random.pick(['stop', 'cancelled', undefined]),
      answered_model: random.pick([undefined, undefined, 'cheap']),
      reasoning_tokens: random.pick([undefined, 2]),
      time_to_first_token_ms: random.pick([undefined, undefined, 15]),
    };
    const failure = { error: random.pick(['rate limited', 'HTTP 503']), error_kind: random.pick([undefined, 'other']) };
    const truth = {
      sender: random.pick(SENDERS),
      process: `${random.pick(['shop', 'bot'])}\n\n\n${random.int(1, 2)}`,
      startMs: this.#plan.epochMs + this.#atMs - random.pick([0, 0, 0, 90_000, 3_600_000]),
      durationMs: random.int(40, 900),
      responseId: `resp_0123${this.#digits(24)}`,
      facts: {
        model: random.pick(MODELS),
        provider: random.pick(['openai', undefined]),
        prompt_tokens: random.pick([7, 300, 1200]),
        cached_prompt_tokens: random.pick([undefined, undefined, 5]),
        ...(isFailed ? failure : answer),
        ...(random.chance(0.1) ? { reported_cost_usd: 0.001, cost_reported_by: 'client' } : {}),
      },
    };
    const searches = truth.facts.prompt_tokens === 300 && !isFailed ? { web_search_requests: 2 } : {};
    return { ...truth, facts: { ...truth.facts, ...searches } };
  }

  /** Whose a call is, by the word of a span. */
  #names(): Json | undefined {
    const random = this.#random;
    return random.pick([
      undefined,
      { tenant: random.pick(NAMED_TENANTS) },
      { tenant: random.pick(NAMED_TENANTS), route: 'chat', user: 'u1' },
      { resource_tenant: random.pick(NAMED_TENANTS), http_route: 'search', session: 's1' },
    ]);
  }

  /** The times of another instrumentation of the same call, nearer to the wire. */
  #inside({ startMs, durationMs }: Truth): Json {
    const random = this.#random;
    const laterMs = random.int(0, Math.min(300, durationMs - 20));
    return {
      start_ms: startMs + laterMs,
      duration_ms: durationMs - laterMs - random.int(0, 10),
      scope: random.pick(SCOPES),
    };
  }

  #report({ sender, process, startMs, durationMs, facts, responseId }: Truth, traceId: string, given: Json): Json {
    return {
      sender,
      trace_id: traceId,
      span_id: this.#spanId(),
      kind: 'call',
      scope: 'opentelemetry.instrumentation.anthropic',
      process,
      start_ms: startMs,
      duration_ms: durationMs,
      facts,
      response_id: responseId,
      ...given,
    };
  }

  /** Sends it once or several times, soon or late, alone or with others. */
  #send(report: Json): void {
    const random = this.#random;
    const sender = (report['sender'] as string | undefined) ?? '';
    const record: NewRecord = {
      topic: 'llm.reports',
      key: correlationKey(this.#plan.correlation, sender, report['trace_id'] as string),
      value: Buffer.from(JSON.stringify(report)),
      senderTenant: sender === '' ? null : sender,
    };
    const delayMs = random.pick([0, 0, random.int(0, 300), random.int(0, 3000)]);
    this.#sendAt(delayMs, random.chance(0.05) ? [record, record] : [record]);
    if (random.chance(0.15)) this.#sendAt(delayMs + random.pick([0, 10, random.int(0, 3000)]), [record]);
    if (report['kind'] !== 'context') this.#judge(report, sender);
  }

  /** Evaluations of a span that is a call in the end: before it is reported, between what corrects it, or later. */
  #judge(report: Json, sender: string): void {
    const random = this.#judges;
    for (let i = random.pick([0, 0, 0, 1, 2]); i > 0; i--) {
      const traceId = report['trace_id'] as string;
      const evaluation = {
        request_id: `${traceId}-${String(report['span_id'])}`,
        name: random.pick(['helpful', 'safe']),
        // Of two different judgements of one judge either may be read first where the topics grow.
        ...(this.#plan.growth === null ? {} : { evaluator: `judge-${this.#spanId()}` }),
        timestamp: new Date(report['start_ms'] as number).toISOString(),
        score: random.pick([undefined, 0.25]),
        label: random.pick([undefined, 'good', 'bad']),
        passed: random.pick([undefined, true, false]),
      };
      const record: NewRecord = {
        topic: 'llm.evaluations',
        key: correlationKey(this.#plan.correlation, sender, traceId),
        value: Buffer.from(JSON.stringify(evaluation)),
        senderTenant: sender === '' ? null : sender,
      };
      this.#sendAt(random.pick([0, random.int(0, 300), random.int(0, 3000), this.#plan.dedupHorizonMs]), [record]);
    }
  }

  #sendAt(delayMs: number, records: readonly NewRecord[]): void {
    this.sendings.push({ atMs: this.#atMs + delayMs, records });
  }

  #traceId(): string {
    return this.#digits(32);
  }

  #spanId(): string {
    return this.#digits(16);
  }

  /** Ids that no other has, in no order. */
  #digits(length: number): string {
    const unique = Math.imul(++this.#ids, 0x9e3779b1) >>> 0;
    return unique.toString(16).padStart(8, '0').repeat(4).slice(0, length);
  }
}
