import type { ResolvedCall } from '../../../reports/resolved-call.ts';
import type { Series } from '../../../tally/series.ts';
import { RequestRecord } from '../records/request-record.ts';
import { ResponseRecord } from '../records/response-record.ts';
import type { SeriesDictionary } from '../records/series-dictionary.ts';
import type { ResolvedParts } from '../sums/effects.ts';

/**
 * Reads a resolved call as its two halves, as if an application had sent them. Adding a call and taking it back go
 * through here, so that what was added is what is taken back.
 *
 * A resolved call is valid: each report of it was, and so it needs no validator.
 */
export class ResolvedRecord {
  readonly #series: SeriesDictionary;
  readonly #request: RequestRecord;
  readonly #response = new ResponseRecord();

  /** @param dimensions the names of those that calls are summed by */
  constructor(series: SeriesDictionary, dimensions: readonly string[]) {
    this.#series = series;
    this.#request = new RequestRecord(series, dimensions);
  }

  seriesOf({ request }: ResolvedCall): Series {
    const { tenant_id: tenantId, route, model, provider } = request;
    return this.#series.of({ tenantId, route, model, provider: provider ?? '' });
  }

  /** Valid until the next `read`. */
  read({ request, response, senders }: ResolvedCall): ResolvedParts {
    const details = this.#request;
    const answer = this.#response;
    details.take(request);
    answer.take(response);
    const { series, timestampMs, promptTokens, cachedPromptTokens, cacheWriteTokens } = details;
    const counts = { promptTokens, cachedPromptTokens, cacheWriteTokens };
    const keptId = request.request_id;
    const dimensions = details.dimensions();
    return {
      pending: { series, place: 0, loggedAtMs: 0, timestampMs, ...counts, keptId, details: null, dimensions },
      details,
      answer,
      senders,
    };
  }
}
