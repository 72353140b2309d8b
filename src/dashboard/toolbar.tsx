import type { Dimensions, DimensionValue } from './api-answers.ts';
import { Choice } from './choice.tsx';
import { CustomRange } from './custom-range.tsx';
import { Segments } from './segments.tsx';
import { RANGES, type RangeName } from './time-range.ts';
import type { ChangeView } from './use-view.ts';
import { spanOf, type View } from './view.ts';

export interface ToolbarProps {
  readonly view: View;
  readonly tenants: readonly DimensionValue[];
  /** The models, routes and other dimensions of the tenant. */
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
        value={view.tenant}
        options={tenants}
        onChange={(tenant) => change({ tenant, route: null, model: null, call: null })}
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
      <Segments legend="Time range" name="range" options={RANGE_OPTIONS} value={view.range} onChange={chooseRange} />
      {view.range === 'custom' && <CustomRange view={view} change={change} />}
    </div>
  );
}
