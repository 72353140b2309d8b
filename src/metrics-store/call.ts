import type { KeptOfRequest } from '../events/llm-request.ts';
import type { KeptOfResponse } from '../events/llm-response.ts';

/** What is known about one call. Unknown values are null. What is kept as it was sent is in the tables of events. */
export interface Call extends CallFacts, KeptOfRequest, KeptOfResponse {}

/** What the program makes out about a call. */
export interface CallFacts {
  readonly requestId: string;
  readonly tenantId: string;
  readonly route: string;
  readonly model: string;
  readonly provider: string;
  /**
   * The request's timestamp; with `requestId` it identifies the call, as ids may come again after the dedup horizon.
   */
  readonly timestampMs: number;
  readonly status: CallStatus;
  readonly latencyMs: number | null;
  readonly timeToFirstTokenMs: number | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly cachedPromptTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly error: string | null;
  /** The model that answered, where it said so. */
  readonly answeredModel: string | null;
  /** How it ended, where it did not end well: one of `ERROR_KINDS`. */
  readonly errorKind: string | null;
  /** 10^-12 USD; null where it could not be priced or is not known yet. */
  readonly costPicoUsd: bigint | null;
  /** Null before it is answered. */
  readonly costSource: CostSource | null;
  /** What the provider or a gateway said it charged. */
  readonly reportedCostPicoUsd: bigint | null;
  /** The cost by the price list, also where a reported one is `costPicoUsd`. */
  readonly listCostPicoUsd: bigint | null;
  /**
   * What was counted at which price, as JSON text, see `prices/bill.ts`; null where it is not known or the call was
   * free.
   */
  readonly bill: string | null;
}

/**
 * Whose word the cost of a call is. `free`: it failed before any output, or a proxy answered from its cache. `none`:
 * nobody knows what it cost.
 */
export const COST_SOURCES = ['provider', 'gateway', 'list', 'file', 'free', 'none'] as const;
export type CostSource = (typeof COST_SOURCES)[number];

/** What tells a stored call from others. */
export type CallIdentity = Pick<Call, 'tenantId' | 'timestampMs' | 'requestId'>;

export type CallStatus = 'completed' | 'error' | 'waiting' | 'unanswered';

/**
 * Inserts the call or completes it.
 *
 * - `full`: all of it is here: both halves lay in one batch, or the request alone (status `waiting`)
 * - `answer`: the request's half was written before; what is kept of the request as it
 *   was sent is null here and keeps its stored value. Where no row is stored, it is inserted as it is.
 */
export interface CallWrite {
  readonly kind: 'full' | 'answer';
  readonly call: Call;
}
