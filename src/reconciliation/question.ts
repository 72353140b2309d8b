import type { ByPart, Part } from './tokens.ts';

/** What is billed together: a bucket of time, a key or project, a model as it is billed, and the tier that served. */
export interface Place {
  readonly startMs: number;
  /** A key, project or workspace of the provider; '' where nothing tells which of ours it is. */
  readonly key: string;
  readonly model: string;
  /** '' is the standard one. */
  readonly tier: string;
}

/** What the provider says was used. */
export interface TheirUsage extends Omit<Place, 'tier'> {
  /** Null where the report does not tell tiers apart. */
  readonly tier: string | null;
  /** Null where the report does not count requests. */
  readonly requests: number | null;
  readonly tokens: ByPart;
  /** Whether all of the prompt stands under `input`, because the report does not tell its parts apart. */
  readonly isPromptWhole: boolean;
}

/** What the provider charges, over a longer time than a bucket as a rule. What is null is not told apart. */
export interface Charge {
  readonly startMs: number;
  readonly endMs: number;
  readonly key: string | null;
  readonly model: string | null;
  readonly tier: string | null;
  readonly part: Part | null;
  /** Whether it is for tokens; web searches and the like are not. */
  readonly isForTokens: boolean;
  readonly picoUsd: bigint;
  /** The provider's own words for the line. */
  readonly label: string;
}

/** What was counted here: a row of usage of one minute. */
export interface OurUsage extends Place {
  /** Calls that are billed, by our judgement; no failure before any output, and nothing out of a proxy's cache. */
  readonly requests: number;
  readonly tokens: ByPart;
  /** The prompt size from which on the price band holds. */
  readonly bandFromTokens: number;
  /** What is stored as the cost. */
  readonly costPicoUsd: bigint;
  /** The part of it that is beside the tokens: for searches of the web, and for calls as such. */
  readonly feesPicoUsd: bigint;
  /** Calls whose cost nobody knows. */
  readonly unpricedRequests: number;
  /** Whose word the cost is; '' where it is tokens times prices. */
  readonly reportedBy: '' | 'provider' | 'gateway';
}

/** A call that is kept by itself: evidence. */
export interface OurCall extends Omit<Place, 'startMs'> {
  readonly atMs: number;
  /** Null where its latency is not known. */
  readonly endMs: number | null;
  readonly tokens: ByPart;
  /** `billed`: it costs something here. `free`: it failed or came out of a cache. `open`: no answer was seen. */
  readonly standing: 'billed' | 'free' | 'open';
  /** How it failed; null where it did not. */
  readonly errorKind: string | null;
}

export interface Question {
  readonly fromMs: number;
  readonly toMs: number;
  /** Of the provider's buckets. */
  readonly bucketMs: number;
  readonly theirs: readonly TheirUsage[];
  /** Null where the report has tokens only: then usage is valued at the list. */
  readonly charges: readonly Charge[] | null;
  /** A margin before `fromMs` included, of `MARGIN_MS`, for calls that end in the range. */
  readonly ours: readonly OurUsage[];
  readonly calls: readonly OurCall[];
  /** Whether `calls` are all of the range and its margin. */
  readonly areCallsWhole: boolean;
  /** Whether it is known which key or project our calls use. */
  readonly areKeysKnown: boolean;
  /** Whether the provider's days may be those of a local clock: exports of consoles do not say. */
  readonly mayDaysBeLocal: boolean;
  readonly prices: PriceLookup;
}

export interface PriceLookup {
  /** By part, in 10^-12 USD a token; null where no list has the model. */
  readonly ratesOf: (query: {
    readonly model: string;
    readonly tier: string;
    readonly atMs: number;
    readonly bandFromTokens: number;
  }) => ByPart | null;
  /** The same for all snapshots and spellings of one model. */
  readonly familyOf: (model: string) => string;
}

/** The longest that a call is followed over the edge of the range. */
export const MARGIN_MS = 3_600_000;
