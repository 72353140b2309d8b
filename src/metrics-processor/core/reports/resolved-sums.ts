import type { PriceBook } from '../../../prices/price-book.ts';
import type { ResolvedCall } from '../../../reports/resolved-call.ts';
import { invariant } from '../../../tally/invariant.ts';
import type { Series } from '../../../tally/series.ts';
import { RequestRecord } from '../records/request-record.ts';
import { ResponseRecord } from '../records/response-record.ts';
import type { SeriesDictionary } from '../records/series-dictionary.ts';
import type { CallAmounts } from '../sums/call-amounts.ts';
import { Effects } from '../sums/effects.ts';

/**
 * What one resolved call comes to: exactly what its two halves would, had an application sent them. Adding a call and
 * taking it back go through here, so that what was added is what is taken back.
 */
export class ResolvedSums {
  readonly #series: SeriesDictionary;
  readonly #request: RequestRecord;
  readonly #response = new ResponseRecord();

  constructor(series: SeriesDictionary) {
    this.#series = series;
    this.#request = new RequestRecord(series);
  }

  seriesOf({ request }: ResolvedCall): Series {
    const { tenant_id: tenantId, route, model, provider } = request;
    return this.#series.of({ tenantId, route, model, provider: provider ?? '' });
  }

  sumsOf({ request, response }: ResolvedCall, prices: PriceBook): CallAmounts {
    const key = Buffer.from(request.request_id);
    const half = this.#request;
    const answer = this.#response;
    const refused =
      half.read({ ...NOWHERE, key, value: Buffer.from(JSON.stringify(request)) }) ??
      answer.read({ ...NOWHERE, key, value: Buffer.from(JSON.stringify(response)) });
    invariant(refused === null, `a resolved call is a valid one: ${refused?.detail ?? ''}`);
    const effects = new Effects();
    const { series, timestampMs, promptTokens, cachedPromptTokens, cacheWriteTokens, requestId } = half;
    const counts = { promptTokens, cachedPromptTokens, cacheWriteTokens };
    const waiting = { series, place: 0, loggedAtMs: 0, timestampMs, ...counts, keptId: requestId, details: null };
    effects.countRequest(waiting, half);
    effects.countResponse(waiting, answer, prices);
    const { tallies, usages, calls } = effects.toCommit();
    const [written] = calls;
    invariant(written !== undefined, 'a call that is kept is written');
    // A maximum cannot be taken back; the histogram tells it as well as it must be known.
    for (const { tally } of tallies) tally.latencyUsMax = 0;
    return { tallies, usages, call: written.call };
  }
}

const NOWHERE = { offset: 0, loggedAtMs: 0, senderTenant: null };
