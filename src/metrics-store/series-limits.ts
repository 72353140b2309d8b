/** Default of `MAX_SERIES_PER_TENANT`: distinct (route, model) pairs of one tenant. */
export const SERIES_PER_TENANT_MAX = 10_000;

/**
 * Distinct providers of one (route, model); later ones are added up under the provider `__overflow__`. The contract limits the pairs
 * only, but without this bound a sender with a random provider per call would open a series per call.
 */
export const PROVIDERS_PER_PAIR_MAX = 100;
