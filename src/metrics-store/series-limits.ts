/**
 * Distinct (route, model) pairs of one tenant where nobody sets a limit: who opens a store for anything but counting
 * calls opens no series in it. What counts calls takes the limit from the setting, whose default is the only one.
 */
export const SERIES_PER_TENANT_UNLIMITED = 2 ** 31 - 1;

/**
 * Distinct providers of one (route, model); later ones are added up under the provider `__overflow__`. The contract
 * limits the pairs only, but without this bound a sender with a random provider per call would open a series per call.
 */
export const PROVIDERS_PER_PAIR_MAX = 100;

/** Likewise the values of a dimension in a day. */
export const DIMENSION_VALUES_UNLIMITED = 2 ** 31 - 1;

/**
 * Distinct names of a tenant's evaluations, and labels of one name; later ones are added up under the name or label
 * `__overflow__`. Else a sender with an id in the name would open a row per evaluation, and one with an id for a label
 * make a row larger with each.
 */
export const EVALUATION_NAMES_PER_TENANT_MAX = 1_000;
export const EVALUATION_LABELS_PER_NAME_MAX = 100;
