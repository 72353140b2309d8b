import type { Readable } from 'node:stream';
import type { Logger } from '../http/logger.ts';
import { Problem } from '../http/problem.ts';
import type { ChangesQuery } from '../metrics-store/metrics-reader.ts';
import { completeness } from './answers/completeness.ts';
import { jsonFields, jsonObject } from './answers/json-fields.ts';
import { CurrentAnswers } from './current-answers.ts';
import type { ExportPage } from './export/export-query.ts';
import { type FindParts, GrowingAnswer, TooLargeToShare } from './growing-answer.ts';
import { QuestionDesk } from './question-desk.ts';
import type { Answerer, ChangeEvent, ExportRequest, MetricsQuestion, QuestionKind, Questions } from './questions.ts';

export interface MetricsQueriesOptions {
  readonly answerer: Answerer;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** How long one question may take. */
  readonly timeoutMs: number;
  /** How many rows one question may read. */
  readonly rowsMax: number;
}

/** Answers that tell how complete they are; those of dimensions, single calls and prices do not. */
const WITH_COMPLETENESS: ReadonlySet<QuestionKind> = new Set([
  'metrics',
  'summary',
  'top',
  'evaluations',
  'audit',
  'coverage',
]);

/** Answers of at most so many rows are made whole and kept. */
const ROWS_WHOLE_MAX = 1000;
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

  constructor({ answerer, logger, nowMs, timeoutMs, rowsMax }: MetricsQueriesOptions) {
    this.#answerer = answerer;
    this.#logger = logger;
    this.#answers = new CurrentAnswers({ readState: () => answerer.readState(), nowMs });
    this.#desk = new QuestionDesk(answerer, { timeoutMs, rowsMax });
  }

  /** Null where there is no such thing. `signal` is aborted when the client has gone. @throws {Problem} */
  async ask<K extends QuestionKind>(kind: K, question: Questions[K], signal: AbortSignal): Promise<string | null> {
    const { text, state } = await this.#orProblem(() =>
      this.#answers.ask(keyOf(kind, question), (unwanted) => this.#desk.answer(kind, question, unwanted), signal),
    );
    if (text === null) return null;
    return jsonObject(text, WITH_COMPLETENESS.has(kind) ? jsonFields(completeness(state)) : '');
  }

  /** As `ask` of rows. An answer that is too large to be kept is sent while it is found. @throws {Problem} */
  async askRows(question: MetricsQuestion, signal: AbortSignal): Promise<string | Readable> {
    if (question.limit <= ROWS_WHOLE_MAX) return (await this.ask('metrics', question, signal)) ?? '{}';
    return this.#orProblem(async () => {
      // Told before its rows are read, so that they hold all that it says.
      const last = jsonFields(completeness(await this.#answers.state()));
      const find: FindParts = (wanted, onPart) => this.#desk.answer('metrics', question, wanted, onPart);
      let growing = new GrowingAnswer(last);
      let isOwn = false;
      const own = (unwanted: AbortSignal) => {
        isOwn = true;
        return growing.find(find, unwanted);
      };
      try {
        const { text, state } = await this.#answers.ask(keyOf('metrics', question), own, signal);
        return jsonObject(text ?? '', jsonFields(completeness(state)));
      } catch (error) {
        if (!isTooLarge(error)) throw error;
      }
      if (!isOwn) {
        growing = new GrowingAnswer(last);
        try {
          return jsonObject((await growing.find(find, signal)) ?? '', last);
        } catch (error) {
          if (!isTooLarge(error)) throw error;
        }
      }
      return growing.stream ?? '{}';
    });
  }

  /** @throws {Problem} */
  changes(question: ChangesQuery): Promise<readonly ChangeEvent[]> {
    return this.#orProblem(() => this.#answerer.changes(question));
  }

  /** One page after the other, as they are taken. @throws {Problem} */
  exportPage(request: ExportRequest, signal: AbortSignal): Promise<ExportPage> {
    return this.#orProblem(() => this.#desk.exportPage(request, signal));
  }

  /** Log time up to which every event can be read; null before the first. @throws {Problem} */
  async completeThroughMs(): Promise<number | null> {
    return (await this.#orProblem(() => this.#answers.state())).completeThroughMs || null;
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

function isTooLarge(error: unknown): boolean {
  return error instanceof TooLargeToShare;
}
