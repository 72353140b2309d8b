import { setTimeout as sleep } from 'node:timers/promises';
import { servedClaude, withDash } from '../../events/claude-name.ts';
import { problemDetail } from '../problem-detail.ts';
import { requestIdOf, type SessionCall } from './session-call.ts';

/** A call that StreamLens keeps, as `GET /v1/calls` tells of it. */
export interface KeptCall {
  readonly request_id: string;
  readonly model: string;
  readonly timestamp: string;
  readonly latency_ms: number | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

export interface KnownCalls {
  /** By the key of a call that is to be imported. */
  readonly byKey: ReadonlyMap<string, 'imported' | 'by id' | 'by content'>;
  /**
   * Keys of calls without an id whose session StreamLens knows by telemetry too, and that are like none of its calls.
   */
  readonly unmatched: ReadonlySet<string>;
  /** Sessions of which telemetry came. */
  readonly liveSessions: ReadonlySet<string>;
}

/**
 * What a file and telemetry say of when one call ended lies no farther apart. A file may count the tools that ran to
 * it.
 */
const SAME_END_MS = 10_000;

/**
 * Which of a session's calls StreamLens has, from an earlier import or by telemetry.
 *
 * By its id, wherever telemetry keeps it: as the id of the call or in its metadata. Where that tells nothing: by model,
 * tokens and the time of its end, and then one kept call stands for one call of the file only.
 */
export function matchCalls(calls: readonly SessionCall[], kept: readonly KeptCall[]): KnownCalls {
  const byKey = new Map<string, 'imported' | 'by id' | 'by content'>();
  const own = new Set(calls.map(requestIdOf));
  const imported = new Set(kept.filter(({ request_id: id }) => own.has(id)).map(({ request_id: id }) => id));
  const isImported = (call: KeptCall) =>
    imported.has(call.request_id) || call.metadata?.['imported_from'] !== undefined;
  const live = kept.filter((call) => !isImported(call));
  const liveById = new Map(live.flatMap((call) => idsOf(call).map((id) => [id, call] as const)));
  const used = new Set<KeptCall>();
  for (const call of calls) {
    if (imported.has(requestIdOf(call))) byKey.set(call.key, 'imported');
    const match = call.ids.map((id) => liveById.get(id)).find((each) => each !== undefined);
    if (match === undefined) continue;
    used.add(match);
    byKey.set(call.key, 'by id');
  }
  const unmatched = new Set<string>();
  for (const call of calls) {
    if (byKey.has(call.key)) continue;
    // What a gateway served at one time may be alike and of many callers.
    if (call.told !== undefined) continue;
    const alike = live.find((each) => !used.has(each) && isAlike(call, each));
    if (alike !== undefined) {
      used.add(alike);
      byKey.set(call.key, 'by content');
    } else if (live.length > 0 && call.ids.length === 0) unmatched.add(call.key);
  }
  return { byKey, unmatched, liveSessions: new Set(live.length > 0 ? calls.flatMap(({ sessions }) => sessions) : []) };
}

/**
 * Texts of its metadata too, and ids with a prefix before them: only whole ids of the source are compared with them.
 */
function idsOf({ request_id: requestId, metadata }: KeptCall): string[] {
  const texts = Object.values(metadata ?? {}).filter((value) => typeof value === 'string');
  return [requestId, ...texts].flatMap((text) => [text, ...(text.match(PROVIDER_ID) ?? [])]);
}

const PROVIDER_ID = /\b(?:req|msg)_\w+/g;

function isAlike(call: SessionCall, kept: KeptCall): boolean {
  const keptEndMs = Date.parse(kept.timestamp) + (kept.latency_ms ?? 0);
  return (
    bareModel(call.model) === bareModel(kept.model) &&
    call.promptTokens === kept.prompt_tokens &&
    call.completionTokens === kept.completion_tokens &&
    keptEndMs >= call.startedAtMs - SAME_END_MS &&
    keptEndMs <= call.endedAtMs + SAME_END_MS
  );
}

/** Claude Code's telemetry marks the long context, `claude-sonnet-4-5[1m]`, and spans say where Claude is served. */
function bareModel(model: string): string {
  const name = model.replace(/\[\w+\]$/, '');
  return servedClaude(name) ?? withDash(name);
}

export interface MetricsApi {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly tenant: string;
}

const PAGE_CALLS = 1000;
const ASK_MS_MAX = 30_000;
const TRIES = 4;
/** Around what the file says: clocks and the time that a call took. */
const MARGIN_MS = 24 * 3_600_000;
/** Of two clocks. */
const CLOCK_MS = 60_000;

/** All kept calls of one session, or of a time where it is null. @throws where the metrics API cannot be asked */
export async function keptCallsOf(
  session: string | null,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  api: MetricsApi,
): Promise<KeptCall[]> {
  const kept: KeptCall[] = [];
  const marginMs = session === null ? CLOCK_MS : MARGIN_MS;
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({
      tenant_id: api.tenant,
      ...(session === null ? {} : { session_id: session }),
      from: new Date(Math.max(0, fromMs - marginMs)).toISOString(),
      to: new Date(toMs + marginMs).toISOString(),
      limit: String(PAGE_CALLS),
      ...(cursor === null ? {} : { cursor }),
    });
    const page: CallsPage = await ask(`${api.baseUrl}/v1/calls?${query.toString()}`, api);
    kept.push(...page.calls);
    cursor = page.next_cursor ?? null;
  } while (cursor !== null);
  return kept;
}

interface CallsPage {
  readonly calls: readonly KeptCall[];
  readonly next_cursor?: string | null;
}

async function ask(url: string, { apiKey, baseUrl }: MetricsApi): Promise<CallsPage> {
  for (let attempt = 1; ; attempt++) {
    const why = await askOnce(url, apiKey);
    if (typeof why !== 'string') return why;
    if (attempt === TRIES || why.startsWith('it answered 4')) {
      throw new Error(
        `The metrics API at ${baseUrl} cannot be asked which calls are there already: ${why}. Is "streamlens up" running? --metrics-url says where it is`,
      );
    }
    await sleep(200 * 2 ** attempt);
  }
}

/** @returns why it failed */
async function askOnce(url: string, apiKey: string | undefined): Promise<CallsPage | string> {
  try {
    const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ASK_MS_MAX) });
    const text = await response.text();
    if (response.status !== 200) return `it answered ${response.status}: ${problemDetail(text)}`;
    const page = JSON.parse(text) as Partial<CallsPage> | null;
    return Array.isArray(page?.calls) ? (page as CallsPage) : 'its answer is no list of calls';
  } catch (error) {
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    return cause?.code ?? cause?.message ?? message;
  }
}
