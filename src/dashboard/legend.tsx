import type { ChartSeries } from './chart-series.ts';
import { isLongName, Name } from './name.tsx';

/** More names than these get a line of their own. */
const ONE_LINE_MAX = 3;

export interface LegendProps {
  readonly series: readonly ChartSeries[];
  readonly alone: string | null;
  readonly onAlone: (label: string | null) => void;
}

/** A name shows its series alone, and all again. */
export function Legend({ series, alone, onAlone }: LegendProps) {
  const isAny = series.some(({ label }) => label === alone);
  return (
    <ul class={series.length > ONE_LINE_MAX ? 'legend long' : 'legend'}>
      {series.map(({ label, colour, shape }) => (
        <li key={label} class={isAny && label !== alone ? 'hidden' : ''}>
          <button
            type="button"
            aria-label={isLongName(label) ? label : undefined}
            aria-pressed={label === alone}
            onClick={() => onAlone(label === alone ? null : label)}
            title={label === alone ? 'Show all again' : `Show only ${label}`}
          >
            <i class={`swatch ${shape}`} style={{ '--swatch': `var(--${colour})` }} />
            <Name text={label} />
          </button>
        </li>
      ))}
    </ul>
  );
}
