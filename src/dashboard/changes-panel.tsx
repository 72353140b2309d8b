import { useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { TopChanges } from './api-answers.ts';
import { type DimensionName, isDimensionName, pickOf, valueOf, valueText } from './dimension-names.ts';
import { NotGrouped, OtherHours } from './dimension-note.tsx';
import { formatCount, formatShare } from './format-number.ts';
import { goToTop } from './go-to-top.ts';
import { Name } from './name.tsx';
import { ScrollRegion } from './scroll-region.tsx';
import { Segments } from './segments.tsx';
import type { Snapshot } from './snapshot.ts';
import { formatSigned, formatValue, isWorthTelling, reasonOf, type TopMeasure, topQuestion } from './top-changes.ts';
import { usePolled } from './use-polled.ts';
import type { ChangeView } from './use-view.ts';
import { rowsOf } from './view.ts';

const POLL_MS = 30_000;
const MEASURES = [
  { value: 'cost', label: 'Cost' },
  { value: 'latency', label: 'Latency' },
  { value: 'errors', label: 'Error rate' },
] as const;
const WORDS = { cost: 'Estimated cost', latency: 'Average latency', errors: 'Error rate' } as const;

export interface ChangesPanelProps {
  readonly api: Api;
  readonly snapshot: Snapshot;
  readonly change: ChangeView;
}

/** Who or what made the difference to as much time just before. */
export function ChangesPanel({ api, snapshot, change }: ChangesPanelProps) {
  const [measure, setMeasure] = useState<TopMeasure>('cost');
  const question = topQuestion(snapshot, measure);
  const { tenant, view, previous } = snapshot;
  const { route, model, only } = view;
  const { value, error } = usePolled<TopChanges | null>(
    async (signal) => (question === null || previous === null ? null : api.get('/v1/top', question, signal)),
    {
      // The ranges move on with the clock: the last answer stands until that for the next minute is there.
      subject: JSON.stringify([tenant, route, model, only, view.rows, view.range, view.fromMs, view.toMs, measure]),
      everyMs: POLL_MS,
      dependencies: [api, previous === null, question?.from, question?.compare_to],
    },
  );
  const rows = rowsOf(view);
  const dimension = isDimensionName(rows) ? rows : null;
  if (previous === null) return null;
  return (
    <section class="panel" aria-labelledby="changes-title">
      <header class="section-head">
        <h2 id="changes-title">What changed</h2>
        <span class="hint">
          {value === null
            ? 'Compared with as much time just before'
            : `${WORDS[measure]}: ${formatValue(value.before, measure)} before, ${formatValue(value.after, measure)} now`}
          {value !== null && dimension !== null && <OtherHours from={value.from} to={value.to} span={snapshot.span} />}
        </span>
        <Segments legend="What changed" name="measure" options={MEASURES} value={measure} onChange={setMeasure} />
      </header>
      {value !== null && dimension !== null && <NotGrouped changes={value} dimension={dimension} />}
      {value !== null && isWorthTelling(value) ? (
        <ChangesTable changes={value} dimension={dimension} areAllShown={tenant === null} change={change} />
      ) : (
        <p class={value === null ? 'quiet changes-wait' : 'quiet'}>{waitingText(value, error !== null)}</p>
      )}
    </section>
  );
}

function waitingText(value: TopChanges | null, isInTrouble: boolean): string {
  if (value !== null) return 'No change worth naming.';
  return isInTrouble ? 'The metrics API does not tell; it is asked again.' : 'Loading…';
}

interface ChangesTableProps {
  readonly changes: TopChanges;
  /** Whose values changed; null: tenants, or routes and models. */
  readonly dimension: DimensionName | null;
  readonly areAllShown: boolean;
  readonly change: ChangeView;
}

function ChangesTable({ changes, dimension, areAllShown, change }: ChangesTableProps) {
  const { measure, top } = changes;
  return (
    <ScrollRegion label="Table of what changed">
      <table class="changes">
        <thead>
          <tr>
            <th scope="col">Who or what</th>
            <th scope="col" class="number">
              To the change
            </th>
            <th scope="col" class="number">
              Share
            </th>
            <th scope="col" class="number">
              Own, before
            </th>
            <th scope="col" class="number">
              Now
            </th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {top.map((group) => (
            <tr key={JSON.stringify([group.tenant_id, group.route, group.model, valueIn(group, dimension)])}>
              <th scope="row" class="name-cell">
                <GroupName {...{ group, dimension, areAllShown, change }} />
              </th>
              <td class="number">{formatSigned(group.contribution, measure)}</td>
              <td class="number">{signedShare(group.share)}</td>
              <td class="number">{formatValue(group.before, measure)}</td>
              <td class="number">{formatValue(group.after, measure)}</td>
              <td class="number">
                {formatCount(group.calls_before)} → {formatCount(group.calls_after)}
              </td>
              <td>{reasonOf(group, measure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

interface GroupNameProps {
  readonly group: Group;
  readonly dimension: DimensionName | null;
  /** Whether whose value it is has to be said. */
  readonly areAllShown: boolean;
  readonly change: ChangeView;
}

/** Narrows the page to it. */
function GroupName({ group, dimension, areAllShown, change }: GroupNameProps) {
  const { tenant_id: tenant, route, model } = group;
  const value = valueIn(group, dimension);
  if (dimension !== null && value !== null) {
    const narrow = (): void => {
      change(pickOf({ name: dimension, value }, tenant));
      goToTop();
    };
    return (
      <NamesButton
        names={[valueText(value, dimension), ...(areAllShown && tenant !== undefined ? [tenant] : [])]}
        onClick={narrow}
      />
    );
  }
  if (route !== undefined && model !== undefined) {
    return <NamesButton names={[route, model]} onClick={() => change({ route, model })} />;
  }
  const narrow = (): void => {
    change({ tenant: tenant ?? '' });
    goToTop();
  };
  return <NamesButton names={[tenant ?? '']} onClick={narrow} />;
}

interface NamesButtonProps {
  readonly names: readonly string[];
  readonly onClick: () => void;
}

function NamesButton({ names, onClick }: NamesButtonProps) {
  return (
    <button type="button" class="link" aria-label={names.join(' ')} onClick={onClick}>
      {names.map((name, index) => (
        <>
          {index > 0 && ' '}
          <Name text={name} />
        </>
      ))}
    </button>
  );
}

type Group = TopChanges['top'][number];

function valueIn(group: Group, dimension: DimensionName | null): string | null {
  return dimension === null ? null : valueOf(group, dimension);
}

function signedShare(share: number | null): string {
  return share !== null && share < 0 ? `−${formatShare(-share)}` : formatShare(share);
}
