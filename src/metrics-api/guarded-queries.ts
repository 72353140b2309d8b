import type { Logger } from '../http/logger.ts';
import { Problem } from '../http/problem.ts';
import type * as Ask from './metrics-queries.ts';

/** After how long to ask again while the store is away. */
const RETRY_AFTER_S = 2;

/**
 * The questions of `queries`, whose failures are answers: while the store is away each is a 503 that says so. The log has one line
 * when the store goes and one when it is back, however many questions are asked meanwhile.
 */
export class GuardedQueries implements Ask.MetricsQueries {
  readonly #queries: Ask.MetricsQueries;
  readonly #logger: Logger;
  #isAway = false;

  constructor(queries: Ask.MetricsQueries, logger: Logger) {
    this.#queries = queries;
    this.#logger = logger;
  }

  metrics(question: Ask.MetricsQuestion): Promise<string> {
    return this.#ask(() => this.#queries.metrics(question));
  }

  changes(question: Ask.ChangesQuestion): Promise<readonly Ask.ChangeEvent[]> {
    return this.#ask(() => this.#queries.changes(question));
  }

  dimensions(question: Parameters<Ask.MetricsQueries['dimensions']>[0]): Promise<string> {
    return this.#ask(() => this.#queries.dimensions(question));
  }

  calls(question: Ask.CallsQuestion): Promise<string> {
    return this.#ask(() => this.#queries.calls(question));
  }

  call(question: Parameters<Ask.MetricsQueries['call']>[0]): Promise<string | null> {
    return this.#ask(() => this.#queries.call(question));
  }

  evaluations(question: Ask.EvaluationsQuestion): Promise<string> {
    return this.#ask(() => this.#queries.evaluations(question));
  }

  audit(question: Parameters<Ask.MetricsQueries['audit']>[0]): Promise<string> {
    return this.#ask(() => this.#queries.audit(question));
  }

  unpriced(question: Parameters<Ask.MetricsQueries['unpriced']>[0]): Promise<string> {
    return this.#ask(() => this.#queries.unpriced(question));
  }

  /** Its reason is for whoever operates the program: it comes as it is. */
  checkHealth(): Promise<void> {
    return this.#queries.checkHealth();
  }

  close(): Promise<void> {
    return this.#queries.close();
  }

  async #ask<T>(answer: () => Promise<T>): Promise<T> {
    try {
      const result = await answer();
      if (this.#isAway) this.#logger.info('The metrics store answers again');
      this.#isAway = false;
      return result;
    } catch (error) {
      // By its name, as an error of another thread is of no class.
      if (!(error instanceof Error) || error.name !== 'MetricsStoreError') throw error;
      if (!this.#isAway) this.#logger.warn({ reason: error.message }, 'The metrics store cannot be asked');
      this.#isAway = true;
      throw new Problem(503, 'The metrics store cannot be asked now; /ready says why. No event is lost by this.', {
        retryAfterS: RETRY_AFTER_S,
      });
    }
  }
}
