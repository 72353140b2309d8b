/**
 * Why two ledgers differ. The order is that in which ours is turned into theirs: each cause is worth what its own step
 * changes, so that they add up to the whole difference, and what two of them do together is booked to the later one.
 */
export const CAUSES = {
  boundary: {
    title: 'minute or day boundary',
    means: 'The provider puts the same calls into another bucket: by when they ended, or by the days of a local clock.',
    decides: 'Single calls with their latency (a longer CALLS_RETENTION), and days in UTC in the export.',
  },
  not_billed: {
    title: 'calls that the provider does not bill',
    means: 'Calls cost something here and nothing there: they failed, were free, or never reached this account.',
    decides:
      'error and error_kind of the response, cache_hit for answers of a proxy; provider for calls that went elsewhere.',
  },
  another_model: {
    title: 'another model than told',
    means: 'The provider billed the calls to another model, or another snapshot of it, than ours say.',
    decides: 'The model of the response: send it as "model" of the response, or gen_ai.response.model.',
  },
  service_tier: {
    title: 'service tier or batch',
    means: 'The calls were served as batch, flex or priority, and ours do not say so.',
    decides: 'service_tier of the response, and a report that groups by service tier.',
  },
  cache: {
    title: 'cache lifetime or cached tokens',
    means:
      'Prompt tokens are of another part: written for an hour instead of five minutes, or read from a cache unsaid.',
    decides: 'cached_prompt_tokens, cache_write_tokens and cache_write_1h_tokens of the response.',
  },
  billed_failures: {
    title: 'failed here, billed there',
    means: 'Calls failed or timed out here and cost nothing, but the provider did the work and billed it.',
    decides: 'The usage of broken-off answers, where the client can still read it.',
  },
  retries: {
    title: 'retries',
    means: 'The provider billed an attempt more than once that was seen here as one call.',
    decides: 'A span or event for each attempt, below the retry of the client library; buckets of a minute.',
  },
  never_seen: {
    title: 'calls that were never seen',
    means: 'The provider billed calls that never came here.',
    decides: 'A key or project of its own for each application, and a report grouped by it (--keys).',
  },
  second_application: {
    title: 'a second application on the same key',
    means: 'Calls on a key that ours use, but unlike ours: another model, other sizes, or other times.',
    decides: 'A key or project of its own for each application, and a report grouped by it (--keys).',
  },
  not_tokens: {
    title: 'charges that are no tokens',
    means:
      'Code execution, storage, images, web searches that ours do not tell, and other lines that no count of tokens explains.',
    decides: 'web_search_requests of the response for web searches; the others are not measured by calls.',
  },
  price: {
    title: 'price',
    means: 'The same tokens cost something else there than here: a discount, another list, or no price here.',
    decides: 'PRICES_FILE with your own prices, then "streamlens prices recompute".',
  },
  unexplained: {
    title: 'unexplained',
    means: 'Nothing above explains it.',
    decides: 'A finer step (--step 1m), and a report grouped by model, key and tier.',
  },
} as const;

export type Cause = keyof typeof CAUSES;
export const CAUSE_NAMES = Object.keys(CAUSES) as readonly Cause[];

/**
 * `sure`: whole numbers agree, or the provider says it. `likely`: nothing else fits as well. `one_of`: the evidence
 * does not tell the named causes apart; the difference stands at the first of them.
 */
export type Certainty = 'sure' | 'likely' | 'one_of';
