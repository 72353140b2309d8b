import type { Call } from './call.ts';
import { ANY_CALL } from './call-filters.ts';
import type { CallsQuery, MetricsReader } from './metrics-reader.ts';

const CALLS_PER_PAGE = 1_000;

type CallRange = Pick<CallsQuery, 'tenantId' | 'fromMs' | 'toMs'>;

interface CallPage {
  readonly calls: readonly Call[];
  /** Where the next page begins; null after the last call. */
  readonly next: CallsQuery['after'];
}

/** The calls that are kept of a tenant's range after a place, newest first. */
export async function readCallPage(
  store: Pick<MetricsReader, 'readCalls'>,
  range: CallRange,
  place: Pick<CallsQuery, 'after' | 'limit'>,
): Promise<CallPage> {
  const calls = await store.readCalls({ ...ANY_CALL, ...range, ...place, order: 'newest' });
  const last = calls.length < place.limit ? undefined : calls.at(-1);
  return { calls, next: last === undefined ? null : { value: last.timestampMs, requestId: last.requestId } };
}

/** Every single call that is kept of a tenant's range, newest first, a page at a time. */
export async function* callPages(
  store: Pick<MetricsReader, 'readCalls'>,
  range: CallRange,
): AsyncGenerator<readonly Call[]> {
  let after: CallsQuery['after'] = null;
  do {
    const page: CallPage = await readCallPage(store, range, { after, limit: CALLS_PER_PAGE });
    if (page.calls.length > 0) yield page.calls;
    after = page.next;
  } while (after !== null);
}
