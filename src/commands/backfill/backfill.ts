import { type BadLine, type LineBatch, lineBatches, START } from './line-batches.ts';
import type { BackfillInput } from './open-input.ts';
import { type BackfillProgress, fingerprintOf, readProgressFile, writeProgressFile } from './progress-file.ts';
import { type BatchAnswer, type BatchTarget, sendBatch } from './send-batch.ts';

export interface BackfillOptions {
  /** Null keeps no progress: for standard input. */
  readonly progressPath: string | null;
  /** The processor's dedup horizon: the same event sent again later than this counts again. */
  readonly dedupHorizonMs: number;
  /** What to do with a batch that may have been counted longer ago than the horizon. */
  readonly unsure: 'ask' | 'resend' | 'skip';
  readonly target: BatchTarget;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly watch: BackfillWatch;
}

export interface BackfillWatch {
  /** Bytes of the file, as it is stored. */
  read(bytes: number): void;
  sent(events: number): void;
}

export interface BackfillReport {
  readonly accepted: number;
  readonly rejected: number;
  readonly badLines: readonly BadLine[];
  /** Accepted before this run began. */
  readonly acceptedBefore: number;
  readonly outcome: 'done' | 'done before' | 'interrupted';
}

/** So many bad lines are told; the count tells of the rest. */
const BAD_LINES_MAX = 20;

/** Sending again takes a while: near the horizon it would be too late. */
const HORIZON_SHARE = 0.9;

/**
 * Sends an input batch by batch, one at a time, and remembers how far it came.
 *
 *     write "batch up to line n is on its way"   killed from here on: it may have been counted
 *     post it, wait for the answer
 *     write "answered up to line n"              killed from here on: the next run begins behind it
 *
 * So at most one batch is ever sent twice, and what was counted the first time is known to the processor by its ids, as
 * long as that is no longer ago than the dedup horizon. After that nobody knows, and a person must decide (`unsure`).
 *
 * @throws when a batch cannot be sent; the progress is kept
 */
export async function backfill(input: BackfillInput, options: BackfillOptions): Promise<BackfillReport> {
  const before = progressBefore(input, options);
  const run = new BackfillRun(before, options);
  const { signal, watch } = options;
  const chunks = input.read(before.position.bytes, (bytes) => watch.read(bytes));
  const firstLinesMax = before.unanswered === null ? undefined : before.unanswered.toLine - before.position.lines;
  try {
    for await (const batch of readAhead(lineBatches(chunks, before.position, firstLinesMax))) {
      if (signal.aborted) return run.report('interrupted');
      await run.take(batch);
    }
  } catch (error) {
    // Whoever interrupts closes the input.
    if (signal.aborted) return run.report('interrupted');
    throw error;
  }
  return run.report(before.isDone && !run.hasSent ? 'done before' : 'done');
}

class BackfillRun {
  hasSent = false;
  readonly #options: BackfillOptions;
  readonly #before: BackfillProgress;
  readonly #badLines: BadLine[] = [];
  #progress: BackfillProgress;

  constructor(before: BackfillProgress, options: BackfillOptions) {
    this.#before = before;
    this.#progress = before;
    this.#options = options;
  }

  async take(batch: LineBatch): Promise<void> {
    this.hasSent = true;
    const { unanswered } = this.#progress;
    const isUnsure = unanswered !== null && !isWithinHorizon(unanswered.firstSentAtMs, this.#options);
    const isSkipped = batch.lineNumbers.length === 0 || (isUnsure && this.#options.unsure === 'skip');
    const answer = isSkipped ? NOTHING : await this.#send(batch);
    this.#note(batch.badLines);
    this.#note(answer.badLines);
    const { accepted, rejected } = this.#progress;
    this.#save({
      ...this.#progress,
      position: batch.end,
      accepted: accepted + answer.accepted,
      rejected: rejected + answer.rejected + batch.badLines.length,
      unanswered: null,
    });
    this.#options.watch.sent(answer.accepted);
  }

  report(outcome: BackfillReport['outcome']): BackfillReport {
    if (outcome !== 'interrupted') this.#save({ ...this.#progress, isDone: true });
    return {
      accepted: this.#progress.accepted - this.#before.accepted,
      rejected: this.#progress.rejected - this.#before.rejected,
      badLines: this.#badLines,
      acceptedBefore: this.#before.accepted,
      outcome,
    };
  }

  async #send(batch: LineBatch): Promise<BatchAnswer> {
    const { target, nowMs, signal, dedupHorizonMs } = this.#options;
    const firstSentAtMs = this.#progress.unanswered?.firstSentAtMs ?? nowMs();
    this.#save({ ...this.#progress, unanswered: { toLine: batch.end.lines, firstSentAtMs } });
    const retryMsMax = Math.min(target.retryMsMax, dedupHorizonMs * HORIZON_SHARE);
    return sendBatch(batch, { ...target, retryMsMax }, signal);
  }

  #note(lines: readonly BadLine[]): void {
    this.#badLines.push(...lines.slice(0, BAD_LINES_MAX - this.#badLines.length));
  }

  #save(progress: BackfillProgress): void {
    this.#progress = progress;
    const { progressPath } = this.#options;
    if (progressPath !== null) writeProgressFile(progressPath, progress);
  }
}

const NOTHING: BatchAnswer = { accepted: 0, rejected: 0, badLines: [] };

/** @throws where the progress belongs to another input, or a person must decide */
function progressBefore(input: BackfillInput, options: BackfillOptions): BackfillProgress {
  const { progressPath, unsure } = options;
  const stored = progressPath === null ? null : readProgressFile(progressPath);
  const fingerprint = fingerprintOf(input.head);
  if (stored === null) {
    return { fingerprint, position: START, accepted: 0, rejected: 0, unanswered: null, isDone: false };
  }
  if (fingerprintOf(input.head, stored.fingerprint.bytes).sha256 !== stored.fingerprint.sha256) {
    throw new Error(
      `${progressPath} belongs to another file than ${input.name}; delete it to send this file from its beginning, or name another one with --progress-file`,
    );
  }
  const { unanswered, position } = stored;
  if (unanswered !== null && unsure === 'ask' && !isWithinHorizon(unanswered.firstSentAtMs, options)) {
    throw new Error(
      `The lines ${position.lines + 1} to ${unanswered.toLine} of ${input.name} were sent at ${new Date(unanswered.firstSentAtMs).toISOString()}, and no answer came. That is longer ago than DEDUP_HORIZON, so they may count twice when sent again. Look whether they were counted, then run it with --unsure resend or --unsure skip`,
    );
  }
  return stored;
}

function isWithinHorizon(sentAtMs: number, { nowMs, dedupHorizonMs }: BackfillOptions): boolean {
  return nowMs() - sentAtMs <= dedupHorizonMs * HORIZON_SHARE;
}

/** Reads and cuts the next batch while this one is sent. */
async function* readAhead(batches: AsyncGenerator<LineBatch>): AsyncGenerator<LineBatch> {
  let next = batches.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = batches.next();
      // Its failure is seen when it is waited for.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    // Not waited for: a read of standard input may never end.
    void batches.return(undefined);
  }
}
