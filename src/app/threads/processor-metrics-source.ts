import type { MetricFamily, MetricSource } from '../../exposition/metric-family.ts';
import type { Callable } from '../../threads/thread-rpc.ts';

/** A scrape waits so long for a processor that is busy; then it gets what was told last. */
const WAIT_MS_MAX = 1000;

/** The metrics of a processor in a thread of its own, which folding and committing block for seconds in a backlog. */
export function processorMetrics(processor: Callable): MetricSource {
  let last: readonly MetricFamily[] = [];
  let asking: Promise<readonly MetricFamily[]> | null = null;
  const ask = async (): Promise<readonly MetricFamily[]> => {
    try {
      last = await processor.call('metrics', null);
      return last;
    } finally {
      asking = null;
    }
  };
  return {
    async families() {
      asking ??= ask();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<readonly MetricFamily[]>((resolve) => {
        timer = setTimeout(() => resolve(last), WAIT_MS_MAX);
      });
      try {
        return await Promise.race([asking, late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
