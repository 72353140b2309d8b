import type { Unpriced } from './api-answers.ts';
import { formatCount } from './format-number.ts';

export interface UnpricedNoteProps {
  readonly calls: number;
  /** Null until it is known which models they are. */
  readonly unpriced: Unpriced | null;
}

const LISTED_MAX = 12;
const POPOVER_ID = 'unpriced-models';

/** Which calls the cost leaves out, and what to do about it. */
export function UnpricedNote({ calls, unpriced }: UnpricedNoteProps) {
  if (calls === 0) return <>all are in the cost</>;
  const models = unpriced?.unpriced ?? [];
  const [first] = models;
  if (first === undefined) return <>not in the cost</>;
  return (
    <>
      <button type="button" class="link" popovertarget={POPOVER_ID}>
        {models.length === 1 ? `no price: ${first.model}` : `no price: ${models.length} models`}
      </button>
      <div id={POPOVER_ID} popover="auto" class="popover" role="dialog" aria-label="Unpriced calls">
        <h3>Calls without a price</h3>
        <p>They are in no cost here. Name their prices in the file that PRICES_FILE points to:</p>
        <pre tabIndex={0}>{priceFile(models.slice(0, LISTED_MAX))}</pre>
        <ul>
          {models.slice(0, LISTED_MAX).map(({ provider, model, calls: count, calls_without_tokens: unknown }) => (
            <li key={`${provider} ${model}`}>
              <b>{model}</b> <span class="soft">{provider ?? 'no provider'}</span> · {formatCount(count)} calls
              {unknown > 0 && `, ${formatCount(unknown)} of them with unknown token counts, which no price helps`}
            </li>
          ))}
        </ul>
        {models.length > LISTED_MAX && <p>… and {models.length - LISTED_MAX} more.</p>}
        <p>New prices hold for calls from then on; “streamlens prices” recomputes earlier ones.</p>
      </div>
    </>
  );
}

/** Invisible characters, and those that turn the direction of a line, are written out: the file is to be read. */
function quoted(name: string): string {
  return JSON.stringify(name).replaceAll(/\p{Cf}/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** A price file for these models, in the form of `docs/pricing.md`, with the prices left open. */
function priceFile(models: Unpriced['unpriced']): string {
  const entries = models.map(({ provider, model }) => {
    const owner = provider === null ? '' : `\n    provider: ${quoted(provider)}`;
    return `  - model: ${quoted(model)}${owner}\n    input_usd_per_million: …\n    output_usd_per_million: …`;
  });
  return `prices:\n${entries.join('\n')}`;
}
