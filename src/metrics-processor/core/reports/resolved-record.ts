import { senderOf } from '../../../reports/call-senders.ts';
import { type Facts, type Report, requestIdOf } from '../../../reports/report.ts';
import { durationWithin, type ResolvedCall, seriesOfReport } from '../../../reports/resolved-call.ts';
import type { Series } from '../../../tally/series.ts';
import { RequestRecord } from '../records/request-record.ts';
import { ResponseRecord } from '../records/response-record.ts';
import type { SeriesDictionary } from '../records/series-dictionary.ts';
import type { ValueTexts } from '../records/value-texts.ts';
import type { ResolvedParts } from '../sums/effects.ts';

/**
 * Reads a resolved call as its two halves, as if an application had sent them. Adding a call and taking it back go
 * through here, so that what was added is what is taken back.
 *
 * A resolved call is valid: each report of it was, and so it needs no validator.
 */
export class ResolvedRecord {
  readonly #series: SeriesDictionary;
  readonly #hasDimensions: boolean;
  readonly #request: RequestRecord;
  readonly #response = new ResponseRecord();

  /**
   * @param dimensions the names of those that calls are summed by
   * @param texts of their values
   */
  constructor(series: SeriesDictionary, dimensions: readonly string[], texts?: ValueTexts) {
    this.#series = series;
    this.#hasDimensions = dimensions.length > 0;
    this.#request = new RequestRecord(series, dimensions, texts);
  }

  seriesOf({ request }: ResolvedCall): Series {
    const { tenant_id: tenantId, route, model, provider } = request;
    return this.#series.of({ tenantId, route, model, provider: provider ?? '' });
  }

  seriesOfWhole(report: Report): Series {
    return this.#series.of(seriesOfReport(report));
  }

  /**
   * As `read` of the call that this report is by itself, but without what a single call keeps of it: straight from what
   * it says, in a fraction of the time. `series` is `seriesOfWhole`. Null where it takes more to know what it comes to.
   */
  readWhole(report: Report, series: Series): ResolvedParts | null {
    const { facts = NO_FACTS, failure, start_ms, duration_ms } = report;
    if (this.#hasDimensions || failure !== undefined || isSaid(facts.error) || isSaid(facts.error_kind)) return null;
    const answer = this.#response;
    answer.takeFacts(facts, durationWithin(duration_ms));
    const details = { requestId: requestIdOf(report), kept: () => null };
    const pending = {
      series,
      place: 0,
      loggedAtMs: 0,
      timestampMs: Math.floor(start_ms),
      promptTokens: facts.prompt_tokens ?? Number.NaN,
      cachedPromptTokens: facts.cached_prompt_tokens ?? Number.NaN,
      cacheWriteTokens: facts.cache_write_tokens ?? Number.NaN,
      keptId: details.requestId,
      details: null,
      dimensions: null,
    };
    return { pending, details, answer, senders: [senderOf(report)] };
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

const NO_FACTS: Facts = {};

function isSaid(value: string | null | undefined): boolean {
  return value !== null && value !== undefined;
}
