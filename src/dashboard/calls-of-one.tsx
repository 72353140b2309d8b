import type { DimensionValue } from './api-answers.ts';
import { Choice } from './choice.tsx';
import type { ChangeView } from './use-view.ts';

export interface CallsOfOneProps {
  readonly seen: readonly DimensionValue[];
  /** A call that the address names without saying whose it is. */
  readonly call: string | null;
  readonly change: ChangeView;
}

/** In the place of single calls where all tenants are shown: an id of a call is its tenant's own. */
export function CallsOfOne({ seen, call, change }: CallsOfOneProps) {
  return (
    <section class="panel" aria-labelledby="calls-title">
      <header class="section-head">
        <h2 id="calls-title">Calls</h2>
        <span class="hint">
          {call === null ? (
            'Single calls are listed of one tenant at a time. Choose one here or above.'
          ) : (
            <>
              The address names the call <code>{call}</code>, but not whose it is. Choose its tenant to open it.
            </>
          )}
        </span>
        {/* The call of the address stays: that is what it is chosen for. */}
        <Choice
          label="Calls of"
          any="Choose a tenant"
          value={null}
          options={seen}
          onChange={(tenant) => change({ tenant })}
        />
      </header>
    </section>
  );
}
