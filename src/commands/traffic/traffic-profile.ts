/** How a model behaves; the figures are plausible, not measured. */
export interface ModelProfile {
  readonly name: string;
  readonly provider: string;
  /** From the request to the first token, before the prompt is looked at. */
  readonly firstTokenMs: number;
  readonly tokenMs: number;
  /** Share of the calls that fail. */
  readonly errorShare: number;
  readonly isReasoning: boolean;
}

interface ModelShare {
  readonly model: ModelProfile;
  readonly weight: number;
}

/** A feature of an application: what it sends, what it gets, and which models it uses. */
export interface RouteProfile {
  readonly name: string;
  readonly weight: number;
  readonly promptTokensMedian: number;
  readonly completionTokensMedian: number;
  readonly streamShare: number;
  /** Share of the calls whose prompt begins like an earlier one. */
  readonly cachedShare: number;
  readonly models: readonly [ModelShare, ...ModelShare[]];
}

const GPT_MINI: ModelProfile = {
  name: 'gpt-4.1-mini',
  provider: 'openai',
  firstTokenMs: 280,
  tokenMs: 8,
  errorShare: 0.02,
  isReasoning: false,
};
const REASONING: ModelProfile = {
  name: 'o4-mini',
  provider: 'openai',
  firstTokenMs: 900,
  tokenMs: 7,
  errorShare: 0.03,
  isReasoning: true,
};
const CLAUDE: ModelProfile = {
  name: 'claude-sonnet-4-5',
  provider: 'anthropic',
  firstTokenMs: 650,
  tokenMs: 14,
  errorShare: 0.025,
  isReasoning: false,
};
const GEMINI: ModelProfile = {
  name: 'gemini-2.5-flash',
  provider: 'google',
  firstTokenMs: 320,
  tokenMs: 5,
  errorShare: 0.015,
  isReasoning: false,
};
/** Nobody but its owner knows what it costs: shows how unpriced calls look. */
const IN_HOUSE: ModelProfile = {
  name: 'support-llama-70b-ft',
  provider: 'in-house',
  firstTokenMs: 150,
  tokenMs: 22,
  errorShare: 0.06,
  isReasoning: false,
};

export const ROUTES: readonly [RouteProfile, ...RouteProfile[]] = [
  {
    name: 'chat_support_v1',
    weight: 30,
    promptTokensMedian: 700,
    completionTokensMedian: 180,
    streamShare: 0.9,
    cachedShare: 0.5,
    models: [
      { model: GPT_MINI, weight: 8 },
      { model: IN_HOUSE, weight: 2 },
    ],
  },
  {
    name: 'chat_support_v2',
    weight: 25,
    promptTokensMedian: 1100,
    completionTokensMedian: 220,
    streamShare: 0.95,
    cachedShare: 0.7,
    models: [
      { model: CLAUDE, weight: 6 },
      { model: GPT_MINI, weight: 4 },
    ],
  },
  {
    name: 'document_answers',
    weight: 20,
    promptTokensMedian: 6000,
    completionTokensMedian: 350,
    streamShare: 0.5,
    cachedShare: 0.3,
    models: [
      { model: GEMINI, weight: 7 },
      { model: CLAUDE, weight: 3 },
    ],
  },
  {
    name: 'ticket_summary',
    weight: 15,
    promptTokensMedian: 2200,
    completionTokensMedian: 90,
    streamShare: 0,
    cachedShare: 0.1,
    models: [
      { model: GPT_MINI, weight: 5 },
      { model: GEMINI, weight: 5 },
    ],
  },
  {
    name: 'code_review',
    weight: 10,
    promptTokensMedian: 9000,
    completionTokensMedian: 700,
    streamShare: 0.2,
    cachedShare: 0.4,
    models: [
      { model: REASONING, weight: 6 },
      { model: CLAUDE, weight: 4 },
    ],
  },
];

interface Failure {
  readonly error: string;
  readonly weight: number;
}

/** Reasons for which calls fail, as applications report them. */
export const FAILURES: readonly [Failure, ...Failure[]] = [
  { error: 'rate_limit_exceeded', weight: 5 },
  { error: 'timeout', weight: 3 },
  { error: 'overloaded', weight: 2 },
  { error: 'content_filter', weight: 1 },
];

/** Applications that crash, users that close the tab: their responses never come. */
export const UNANSWERED_SHARE = 0.01;

/** What waits longer gave up. */
export const LATENCY_MS_MAX = 30_000;
