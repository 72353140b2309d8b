import type { OtlpSpan } from './decode/trace-export.ts';
import { isUsageKey } from './usage/read-usage.ts';

/**
 * Spans that speak of a model and are no calls, of one instrumentation and for one reason: what an operator has to see,
 * since a dialect that nobody knows would be lost without a sign. Names of attributes only, never their values.
 */
export interface Uncounted {
  readonly scope: string;
  readonly reason: string;
  readonly count: number;
  readonly attributes: readonly string[];
}

const MODEL_KEY =
  /^(?:gen_ai|llm|ai|embedding|mlflow\.llm)\.(?:.*\.)?(?:model|model_name|model\.id|model\.name)$|^model$/;
const TEXT_CHARS_MAX = 200;
const NAMES_MAX = 40;
/** Kinds of uncounted spans in one export; more are counted and not listed. */
const KINDS_MAX = 50;

type Item = Pick<OtlpSpan, 'attributes' | 'scope'>;

/** Gathers the uncounted spans, log records or data points of one export. */
export class UncountedSpans {
  readonly #byKind = new Map<string, Uncounted>();

  /** Takes a span that is no call; one that says nothing of a model is passed over. */
  add(span: Item, reason: string): void {
    if (speaksOfModel(span)) this.note(span, reason, 1);
  }

  /** Takes what is known to speak of a model. */
  note(
    span: { readonly scope: Item['scope']; readonly attributes?: Item['attributes'] },
    reason: string,
    count: number,
  ): void {
    const scope = span.scope.name.slice(0, TEXT_CHARS_MAX);
    const kind = `${scope}\n${reason}`;
    const known = this.#byKind.get(kind);
    if (known !== undefined) this.#byKind.set(kind, { ...known, count: known.count + count });
    else if (this.#byKind.size < KINDS_MAX)
      this.#byKind.set(kind, {
        scope,
        count,
        reason: reason.slice(0, TEXT_CHARS_MAX),
        attributes: namesOf(span.attributes),
      });
  }

  list(): readonly Uncounted[] {
    return [...this.#byKind.values()];
  }
}

function namesOf(attributes: Item['attributes'] | undefined): readonly string[] {
  const names = (attributes?.keys ?? []).slice(0, NAMES_MAX).map((name) => name.slice(0, TEXT_CHARS_MAX));
  return names.toSorted();
}

function speaksOfModel({ attributes }: Item): boolean {
  return attributes.keys.some((key) => MODEL_KEY.test(key) || isUsageKey(key));
}
