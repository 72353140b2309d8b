import type { Logger } from '../http/logger.ts';
import { Problem } from '../http/problem.ts';
import type { ChangesQuery } from '../metrics-store/metrics-reader.ts';
import { completeness } from './answers/completeness.ts';
import { jsonFields, jsonObject } from './answers/json-fields.ts';
import { CurrentAnswers } from './current-answers.ts';
import { QuestionDesk } from './question-desk.ts';
import type { Answerer, ChangeEvent, QuestionKind, Questions } from './questions.ts';

export interface MetricsQueriesOptions {
  readonly answerer: Answerer;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** How long one question may take. */
  readonly timeoutMs: number;
}

/** Answers that tell how complete they are; those of dimensions, single calls and prices do not. */
const WITH_COMPLETENESS: ReadonlySet<QuestionKind> = new Set([
  'metrics',
  'summary',
  'evaluations',
  'audit',
  'coverage',
]);

/** After how long to ask again while the store is away. */
const RETRY_AFTER_S = 2;

/**
 * All questions of the metrics API, each answered with the JSON text of the response.
 *
 * While the store is away each is a 503 that says so; the log has one line when the store goes and one when it is back,
 * however many questions are asked meanwhile.
 */
export class MetricsQueries {
  readonly #answerer: Answerer;
  readonly #logger: Logger;
  readonly #answers: CurrentAnswers;
  readonly #desk: QuestionDesk;
  #isAway = false;

  constructor({ answerer, logger, nowMs, timeoutMs }: MetricsQueriesOptions) {
    this.#answerer = answerer;
    this.#logger = logger;
    this.#answers = new CurrentAnswers({ readState: () => answerer.readState(), nowMs });
    this.#desk = new QuestionDesk(answerer, { timeoutMs });
  }

  /** Null where there is no such thing. `signal` is aborted when the client has gone. @throws {Problem} */
  async ask<K extends QuestionKind>(kind: K, question: Questions[K], signal: AbortSignal): Promise<string | null> {
    const { text, state } = await this.#orProblem(() =>
      this.#answers.ask(keyOf(kind, question), (unwanted) => this.#desk.answer(kind, question, unwanted), signal),
    );
    if (text === null) return null;
    return jsonObject(text, WITH_COMPLETENESS.has(kind) ? jsonFields(completeness(state)) : '');
  }

  /** @throws {Problem} */
  changes(question: ChangesQuery): Promise<readonly ChangeEvent[]> {
    return this.#orProblem(() => this.#answerer.changes(question));
  }

  /** What the store's state is called; equal ones one after the other: nothing has changed. @throws {Problem} */
  async stateId(): Promise<string | null> {
    return (await this.#orProblem(() => this.#answers.state())).id;
  }

  /** @throws {StorageError} for whoever operates the program, so that its reason is told */
  checkHealth(): Promise<void> {
    return this.#answerer.checkHealth();
  }

  async #orProblem<T>(find: () => Promise<T>): Promise<T> {
    try {
      const result = await find();
      if (this.#isAway) this.#logger.info('The metrics store answers again');
      this.#isAway = false;
      return result;
    } catch (error) {
      // By its name, as an error of another thread is of no class.
      if (!(error instanceof Error) || error.name !== 'StorageError') throw error;
      if (!this.#isAway) this.#logger.warn({ reason: error.message }, 'The metrics store cannot be asked');
      this.#isAway = true;
      throw new Problem(503, 'The metrics store cannot be asked now; /ready says why. No event is lost by this.', {
        retryAfterS: RETRY_AFTER_S,
      });
    }
  }
}

function keyOf(kind: QuestionKind, question: object): string {
  return `${kind} ${JSON.stringify(question, (_, value: unknown) => (value instanceof Map ? [...value] : value))}`;
}
