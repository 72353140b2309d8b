import type { Logger } from '../http/logger.ts';
import type { StorageError } from '../storage/storage-error.ts';
import type { AppendQueueEvents } from './append-queue.ts';

/** While appends go on failing, one line so often. */
const TELL_EVERY_MS = 30_000;

/** Tells the log when the event log begins to refuse appends, while it does, and when it takes them again. */
export class AppendLog implements AppendQueueEvents {
  readonly #events: AppendQueueEvents;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #failures = 0;
  #loggedAtMs = 0;

  /** @param events is told everything as well */
  constructor(events: AppendQueueEvents, logger: Logger, nowMs: () => number = () => performance.now()) {
    this.#events = events;
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  appended(fact: Parameters<AppendQueueEvents['appended']>[0]): void {
    this.#events.appended(fact);
    this.#logger.debug(fact, 'Appended');
    if (this.#failures === 0) return;
    this.#logger.info({ failures: this.#failures }, 'The event log takes events again');
    this.#failures = 0;
  }

  failed(error: StorageError): void {
    this.#events.failed(error);
    this.#failures++;
    const isDue = this.#failures === 1 || this.#nowMs() - this.#loggedAtMs >= TELL_EVERY_MS;
    if (!isDue) return;
    this.#loggedAtMs = this.#nowMs();
    const fact = { code: error.code, reason: error.message, failures: this.#failures };
    this.#logger.warn(fact, 'Events are refused with 503: the event log does not take them');
  }
}
