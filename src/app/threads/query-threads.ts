import type { ExportPage } from '../../metrics-api/export/export-query.ts';
import type { LlmTotals } from '../../metrics-api/prometheus/llm-totals.ts';
import type {
  Answerer,
  ChangeEvent,
  Errand,
  ExportRequest,
  QuestionKind,
  Questions,
} from '../../metrics-api/questions.ts';
import type { ChangesQuery, StoreState } from '../../metrics-store/metrics-reader.ts';
import type { TimeRange } from '../../tally/steps.ts';
import type { Callable } from '../../threads/thread-rpc.ts';
import { type InterruptNumbers, Interrupts } from './interrupts.ts';

/** A thread that answers questions. */
export interface QueryThread extends Callable {
  stop(): Promise<void>;
}

export interface QueryThreadParts {
  /** What it reads for a call ends early when the number of the call's slot is no longer 0. */
  readonly interrupts: InterruptNumbers;
  /** Whether it is for long questions, which let all else go ahead. */
  readonly isForLong: boolean;
}

export type StartQueryThread = (parts: QueryThreadParts) => Promise<QueryThread>;

/** One more than there are long questions at a time. */
const THREADS_MAX = 4;
/** A thread beyond the first takes some 30 MB, so it goes when it has had nothing to do for as long. */
const IDLE_MS_MAX = 60_000;

interface Worker {
  readonly interrupts: Interrupts;
  readonly thread: Promise<QueryThread>;
  isLong: boolean;
  callCount: number;
  idle: NodeJS.Timeout | null;
}

/**
 * Questions to the embedded store, in threads of their own because SQLite blocks them. One thread, the first, is for
 * short questions and for the state of the store, whose name is its connection's own; each long question has one of the
 * others to itself.
 */
export class QueryThreads implements Answerer {
  readonly #start: StartQueryThread;
  readonly #workers = new Set<Worker>();
  #first: Worker | null = null;
  #firstCount = 0;
  #isClosed = false;

  private constructor(start: StartQueryThread) {
    this.#start = start;
  }

  /** Resolves when the first thread is ready. @throws what it throws while it starts */
  static async open(start: StartQueryThread): Promise<QueryThreads> {
    const threads = new QueryThreads(start);
    await threads.#choose(false).thread;
    return threads;
  }

  answer<K extends QuestionKind>(kind: K, question: Questions[K], errand: Errand): Promise<string | null> {
    const { rowsMax, onPart } = errand;
    const asked = { kind, question, isInParts: onPart !== undefined };
    return this.#call('answer', rowsMax === undefined ? asked : { ...asked, rowsMax }, errand);
  }

  changes(question: ChangesQuery): Promise<readonly ChangeEvent[]> {
    return this.#call('changes', question);
  }

  llmTotals(range: TimeRange, errand: Errand): Promise<readonly LlmTotals[]> {
    return this.#call('llmTotals', range, errand);
  }

  exportPage(request: ExportRequest, errand: Errand): Promise<ExportPage> {
    return this.#call('exportPage', request, errand);
  }

  async readState(): Promise<StoreState> {
    const { id, completeThroughMs } = await this.#call<StoreState>('readState', null);
    // Another thread, another connection: what it calls a state is not what the one before called so.
    return { id: id === null ? null : `${this.#firstCount} ${id}`, completeThroughMs };
  }

  checkHealth(): Promise<void> {
    return this.#call('checkHealth', null);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const workers = [...this.#workers];
    for (const worker of workers) {
      if (worker.isLong) worker.interrupts.interruptAll();
      clearTimeout(worker.idle ?? undefined);
    }
    const threads = await Promise.allSettled(workers.map((worker) => worker.thread));
    await Promise.all(threads.flatMap((thread) => (thread.status === 'fulfilled' ? [thread.value.stop()] : [])));
  }

  async #call<T>(method: string, argument: unknown, errand: Partial<Errand> = {}): Promise<T> {
    const { isLong = false, signal, onPart } = errand;
    const worker = this.#choose(isLong);
    this.#engage(worker, isLong);
    const slot = worker.interrupts.take();
    const interrupt = (): void => worker.interrupts.interrupt(slot);
    if (signal?.aborted === true) interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    try {
      const thread = await worker.thread;
      return await thread.call<T>(method, { asked: argument, slot }, { onPart });
    } catch (error) {
      // A thread that has ended is replaced; an answer that is an error has a name of its own.
      if ((error as Error).message.startsWith('The query thread ended')) this.#drop(worker);
      throw error;
    } finally {
      signal?.removeEventListener('abort', interrupt);
      worker.interrupts.giveBack(slot);
      this.#release(worker);
    }
  }

  #choose(isLong: boolean): Worker {
    const first = (this.#first ??= this.#add(false));
    if (!isLong) return first;
    const others = [...this.#workers].filter((worker) => worker !== first);
    const free = others.find((worker) => worker.callCount === 0);
    return free ?? (this.#workers.size < THREADS_MAX ? this.#add(true) : (others[0] ?? first));
  }

  #add(isForLong: boolean): Worker {
    const interrupts = new Interrupts();
    const thread = this.#start({ interrupts: interrupts.numbers, isForLong });
    const worker: Worker = { interrupts, thread, isLong: false, callCount: 0, idle: null };
    worker.thread.catch(() => this.#drop(worker));
    this.#workers.add(worker);
    return worker;
  }

  #drop(worker: Worker): void {
    this.#workers.delete(worker);
    if (this.#first !== worker) return;
    this.#first = null;
    this.#firstCount++;
  }

  #engage(worker: Worker, isLong: boolean): void {
    clearTimeout(worker.idle ?? undefined);
    worker.callCount++;
    worker.isLong ||= isLong;
  }

  #release(worker: Worker): void {
    worker.callCount--;
    if (worker.callCount > 0) return;
    worker.isLong = false;
    if (this.#isClosed || worker === this.#first) return;
    worker.idle = setTimeout(() => {
      if (worker.callCount > 0) return;
      this.#workers.delete(worker);
      worker.thread.then(
        (thread) => thread.stop(),
        () => undefined,
      );
    }, IDLE_MS_MAX).unref();
  }
}
