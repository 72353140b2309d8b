import { useState } from 'preact/hooks';
import type { Dimensions, DimensionValue } from './api-answers.ts';
import { toLocalInput } from './format-time.ts';
import { Segments } from './segments.tsx';
import { RANGES, type RangeName } from './time-range.ts';
import type { ChangeView } from './use-view.ts';
import { spanOf, type View } from './view.ts';

export interface ToolbarProps {
  readonly view: View;
  readonly tenants: readonly DimensionValue[];
  /** Of the tenant. */
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
      {view.range === 'custom' && <CustomRange key={`${view.fromMs} ${view.toMs}`} view={view} change={change} />}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  /** Words for no choice; absent where one has to be made. */
  readonly any?: string;
  readonly value: string | null;
  readonly options: readonly DimensionValue[];
  readonly onChange: (value: string | null) => void;
}

function Choice({ label, any, value, options, onChange }: ChoiceProps) {
  const names = options.map((option) => option.value).sort((a, b) => a.localeCompare(b));
  // A shared link may name what has not been seen yet.
  if (value !== null && !names.includes(value)) names.unshift(value);
  return (
    <label class={`choice${value !== null && any !== undefined ? ' chosen' : ''}`}>
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => onChange(event.currentTarget.value || null)}>
        {any !== undefined && <option value="">{any}</option>}
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** In the reader's time zone. */
function CustomRange({ view, change }: { readonly view: View; readonly change: ChangeView }) {
  const span = spanOf(view, Date.now());
  const [from, setFrom] = useState(toLocalInput(view.fromMs ?? span.fromMs));
  const [to, setTo] = useState(toLocalInput(view.toMs ?? span.toMs));
  const isValid = Date.parse(from) < Date.parse(to);
  const apply = (event: Event): void => {
    event.preventDefault();
    if (isValid) change({ range: 'custom', fromMs: Date.parse(from), toMs: Date.parse(to) });
  };
  return (
    <form class="custom-range" onSubmit={apply}>
      <label>
        <span>From</span>
        <input type="datetime-local" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
      </label>
      <label>
        <span>To</span>
        <input
          type="datetime-local"
          value={to}
          aria-invalid={!isValid}
          aria-describedby={isValid ? undefined : 'range-problem'}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={!isValid}>
        Apply
      </button>
      {!isValid && (
        <span id="range-problem" class="problem-text" role="alert">
          From must be before to
        </span>
      )}
    </form>
  );
}
