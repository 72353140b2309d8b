import type { MetricsQueries } from '../../metrics-api/metrics-queries.ts';
import type { CallableThread } from '../../threads/thread-rpc.ts';

/** Asks the query thread: see `query-thread.ts`. */
export function threadQueries(thread: CallableThread): MetricsQueries {
  return {
    metrics: (question) => thread.call('metrics', question),
    changes: (question) => thread.call('changes', question),
    dimensions: (question) => thread.call('dimensions', question),
    calls: (question) => thread.call('calls', question),
    call: (question) => thread.call('call', question),
    evaluations: (question) => thread.call('evaluations', question),
    audit: (question) => thread.call('audit', question),
    unpriced: (question) => thread.call('unpriced', question),
    checkHealth: () => thread.call('checkHealth', null),
    close: () => thread.stop(),
  };
}
