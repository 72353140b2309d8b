import type { Dimensions, DimensionValue } from './api-answers.ts';
import { Choice } from './choice.tsx';
import { CustomRange } from './custom-range.tsx';
import { type DimensionPick, dimensionLabel, valueText } from './dimension-names.ts';
import { Name } from './name.tsx';
import { Segments } from './segments.tsx';
import { areAllOffered, choiceOf } from './tenant-choice.ts';
import { RANGES, type RangeName } from './time-range.ts';
import type { ChangeView } from './use-view.ts';
import { spanOf, type View } from './view.ts';

export interface ToolbarProps {
  readonly view: View;
  readonly tenants: readonly DimensionValue[];
  /** The models, routes and other dimensions of who is shown. */
  readonly dimensions: Dimensions | null;
  readonly change: ChangeView;
}

const RANGE_OPTIONS = [
  ...(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, label: value, title: RANGES[value].about })),
  { value: 'custom' as const, label: 'Custom', title: 'From and to' },
];

/** Whose calls, when, and which of them. */
export function Toolbar({ view, tenants, dimensions, change }: ToolbarProps) {
  const chooseRange = (range: View['range']): void => {
    const { fromMs, toMs } = spanOf(view, Date.now());
    change(
      range === 'custom' ? { range, fromMs, toMs: Math.min(toMs, Date.now()) } : { range, fromMs: null, toMs: null },
    );
  };
  return (
    <div class="toolbar" role="search" aria-label="What is shown">
      <Choice
        label="Tenant"
        any={areAllOffered(view.tenant, tenants) ? 'All tenants' : undefined}
        value={view.tenant}
        options={tenants}
        onChange={(tenant) => change(choiceOf(tenant))}
      />
      <Choice
        label="Route"
        any="All routes"
        value={view.route}
        options={dimensions?.routes ?? []}
        onChange={(route) => change({ route })}
      />
      <Choice
        label="Model"
        any="All models"
        value={view.model}
        options={dimensions?.models ?? []}
        onChange={(model) => change({ model })}
      />
      {view.only !== null && <OnlyPick only={view.only} onClear={() => change({ only: null })} />}
      <Segments legend="Time range" name="range" options={RANGE_OPTIONS} value={view.range} onChange={chooseRange} />
      {view.range === 'custom' && <CustomRange view={view} change={change} />}
    </div>
  );
}

interface OnlyPickProps {
  readonly only: DimensionPick;
  readonly onClear: () => void;
}

/** The value that the page is narrowed to: it was picked from a table, and is left with one click. */
function OnlyPick({ only: { name, value }, onClear }: OnlyPickProps) {
  const text = valueText(value, name);
  return (
    <button
      type="button"
      class="choice chosen only"
      aria-label={`${dimensionLabel(name)} ${text}: show all again`}
      title="Show all again"
      onClick={onClear}
    >
      <span>{dimensionLabel(name)}</span> <Name text={text} /> <span aria-hidden="true">×</span>
    </button>
  );
}
