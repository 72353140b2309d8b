import { type ErrorKind, errorKindOf, errorSignsOf } from '../../../events/error-kind.ts';
import type { ResponseFacts } from '../records/response-record.ts';

/** The finish reasons by which senders say that the user stopped a call. */
const CANCELLED_REASONS: ReadonlySet<string> = new Set([
  'cancelled',
  'canceled',
  'cancel',
  'aborted',
  'abort',
  'user_cancelled',
  'user_canceled',
  'user_abort',
  'user_aborted',
  'interrupted',
]);

/** In a storm of errors all say the same. */
const REMEMBERED_TEXTS_MAX = 256;

/** How calls ended: what the sender says, else what the text of its error and the finish reason tell. */
export class CallEnds {
  readonly #kinds = new Map<string, ErrorKind>();

  /** Null: it ended well. */
  kindOf({
    errorKind,
    error,
    finishReason,
  }: Pick<ResponseFacts, 'errorKind' | 'error' | 'finishReason'>): ErrorKind | null {
    if (errorKind !== null) return errorKind;
    if (error === null) return finishReason !== null && CANCELLED_REASONS.has(finishReason) ? 'cancelled' : null;
    const kind = this.#kindOfText(error);
    return kind === 'other' && finishReason === 'content_filter' ? 'content_filter' : kind;
  }

  #kindOfText(text: string): ErrorKind {
    const known = this.#kinds.get(text);
    if (known !== undefined) return known;
    const kind = errorKindOf(errorSignsOf(text));
    if (this.#kinds.size >= REMEMBERED_TEXTS_MAX) this.#kinds.clear();
    this.#kinds.set(text, kind);
    return kind;
  }
}
