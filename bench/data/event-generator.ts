import { Oracle } from './oracle.ts';
import { SeededRandom } from './seeded-random.ts';

export interface TrafficOptions {
  readonly seed: number;
  readonly calls: number;
  /** Series are all combinations of tenants, routes and models. */
  readonly tenants: number;
  readonly routes: number;
  readonly models: number;
  /** Event times run evenly from here … */
  readonly fromMs: number;
  /** … over this long. */
  readonly spanMs: number;
  /** Shares of calls, 0 to 1. */
  readonly duplicates?: number;
  /** Without a response. */
  readonly missing?: number;
  /** With event times up to an hour before their place. */
  readonly late?: number;
  /** Additional events that nobody can count. */
  readonly malformed?: number;
  /** Whose response comes before the request. */
  readonly disorder?: number;
  /** Requests say who calls, for which team and which feature: each drawn from so many. */
  readonly callers?: { readonly users: number; readonly teams: number; readonly features: number };
}

export interface GeneratedEvent {
  readonly type: 'request' | 'response';
  readonly requestId: string;
  /** One line of JSON with its `type`, so that it does as NDJSON, as a single event and as a record. */
  readonly line: string;
}

const MODELS = ['gpt-4.1-mini', 'claude-sonnet-4-5', 'gemini-2.5-flash', 'gpt-4o', 'mistral-large-latest'];
const ROUTES = ['chat_support', 'summarise', 'search', 'agent_step', 'classify', 'translate'];
/** Responses come up to so many calls after their requests. */
const RESPONSE_LAG = 200;
const BLOCK = 1000;
const HOUR_MS = 3_600_000;

interface Placed extends GeneratedEvent {
  readonly place: number;
}

/**
 * Deterministic traffic by seed, with the exact result in `oracle` once all was taken. Latencies are whole
 * milliseconds and errors about 2 %, since the original knows no others.
 */
export class EventGenerator {
  readonly oracle = new Oracle();
  readonly #options: TrafficOptions;
  readonly #random: SeededRandom;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  /** All events in the order in which they are sent. */
  *events(): Generator<GeneratedEvent> {
    let held: Placed[] = [];
    for (let first = 0; first < this.#options.calls; first += BLOCK) {
      const end = Math.min(first + BLOCK, this.#options.calls);
      for (let call = first; call < end; call++) this.#place(call, held);
      held.sort((a, b) => a.place - b.place);
      const cut = held.findIndex(({ place }) => place >= end);
      const ready = cut === -1 ? held : held.slice(0, cut);
      held = cut === -1 ? [] : held.slice(cut);
      yield* ready;
    }
    yield* held;
  }

  /** The same, as NDJSON bodies of `size` events. */
  *batches(size: number): Generator<{ readonly body: Buffer; readonly events: number }> {
    let lines: string[] = [];
    for (const { line } of this.events()) {
      lines.push(line);
      if (lines.length < size) continue;
      yield { body: Buffer.from(lines.join('\n')), events: lines.length };
      lines = [];
    }
    if (lines.length > 0) yield { body: Buffer.from(lines.join('\n')), events: lines.length };
  }

  #place(call: number, into: Placed[]): void {
    const random = this.#random;
    const { seed, calls, tenants, routes, models, fromMs, spanMs } = this.#options;
    const { duplicates = 0, missing = 0, late = 0, malformed = 0, disorder = 0 } = this.#options;
    const requestId = `bench-${seed.toString(16)}-${call.toString(36).padStart(8, '0')}`;
    const tenant = `tenant-${random.below(tenants)}`;
    const route = `${ROUTES[random.below(routes) % ROUTES.length]}_v${1 + Math.floor(random.below(routes) / ROUTES.length)}`;
    const model = MODELS[random.below(models) % MODELS.length] as string;
    const placeMs = fromMs + Math.floor((call / calls) * spanMs);
    const atMs = random.isTrue(late) ? placeMs - random.below(HOUR_MS) : placeMs;
    const promptTokens = 1 + random.below(4000);
    const row = this.oracle.rowOf(`${tenant}|${route}|${model}`, atMs);
    row.requests++;
    row.promptTokens += promptTokens;
    const request = `{"type":"request","request_id":"${requestId}","tenant_id":"${tenant}","route":"${route}","model":"${model}","timestamp":"${new Date(atMs).toISOString()}","prompt_tokens":${promptTokens}${this.#caller()}}`;
    into.push({ type: 'request', requestId, line: request, place: call });
    const isRepeated = random.isTrue(duplicates);
    if (isRepeated) into.push({ type: 'request', requestId, line: request, place: call + random.below(RESPONSE_LAG) });
    if (random.isTrue(malformed)) this.#placeMalformed(call, into);
    if (random.isTrue(missing)) return;
    const latencyMs = Math.max(1, Math.round(random.logNormal(800, 0.8)));
    const isError = random.isTrue(0.02);
    const completionTokens = isError ? 0 : 1 + random.below(1000);
    row.completed++;
    row.errors += isError ? 1 : 0;
    row.latencyMsSum += latencyMs;
    row.completionTokens += completionTokens;
    const response = `{"type":"response","request_id":"${requestId}","timestamp":"${new Date(atMs + latencyMs).toISOString()}","latency_ms":${latencyMs},"completion_tokens":${completionTokens},"finish_reason":"${isError ? 'error' : 'stop'}","error":${isError ? '"rate_limited"' : 'null'}}`;
    const lag = random.isTrue(disorder) ? -Math.min(call % BLOCK, 10) - 0.5 : 1 + random.below(RESPONSE_LAG);
    into.push({ type: 'response', requestId, line: response, place: call + lag });
    if (isRepeated) into.push({ type: 'response', requestId, line: response, place: call + RESPONSE_LAG });
  }

  #caller(): string {
    const { callers } = this.#options;
    if (callers === undefined) return '';
    const [user, team, feature] = [callers.users, callers.teams, callers.features].map((of) => this.#random.below(of));
    return `,"user_id_hash":"user-${user}","metadata":{"team":"team-${team}","feature":"feature-${feature}"}`;
  }

  #placeMalformed(call: number, into: Placed[]): void {
    const requestId = `bench-broken-${call}`;
    const line = `{"type":"request","request_id":"${requestId}","timestamp":"yesterday"}`;
    into.push({ type: 'request', requestId, line, place: call });
  }
}
