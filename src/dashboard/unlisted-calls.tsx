import { type DimensionPick, dimensionWord, isReservedValue, valueText } from './dimension-names.ts';

/** In the place of single calls, where those of a value cannot be told from the others one by one. */
export function UnlistedCalls({ only: { name, value } }: { readonly only: DimensionPick }) {
  return (
    <section class="panel" aria-labelledby="calls-title">
      <header class="section-head">
        <h2 id="calls-title">Calls</h2>
        <span class="hint">
          {isReservedValue(value)
            ? `Single calls are not listed of "${valueText(value, name)}".`
            : `Single calls are listed by user, session or a key of the metadata, not by ${dimensionWord(name)}.`}
        </span>
      </header>
    </section>
  );
}
