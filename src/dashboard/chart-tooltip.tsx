import type { Unit } from './axis-steps.ts';
import type { ChartContent } from './chart-series.ts';
import { formatShare } from './format-number.ts';
import { Name } from './name.tsx';
import { type Times } from './times.ts';
import { useTimes } from './times-context.ts';

export interface Cursor {
  readonly index: number;
  readonly leftPx: number;
  readonly isRight: boolean;
  /** Whether it is the pointer's: a click would be meant for the step under it. */
  readonly isPointed: boolean;
}

export interface ChartTooltipProps {
  readonly content: ChartContent;
  readonly cursor: Cursor;
  readonly stepMs: number;
  readonly unit: Unit;
  readonly format: (value: number) => string;
}

/** The values of the step under the cursor; what stands on each other with its share and the sum. */
export function ChartTooltip({ content, cursor, stepMs, unit, format }: ChartTooltipProps) {
  const times = useTimes();
  const startMs = content.startsMs[cursor.index];
  if (startMs === undefined) return null;
  const side = cursor.isRight ? { right: `calc(100% - ${cursor.leftPx - 10}px)` } : { left: `${cursor.leftPx + 10}px` };
  const isStack = content.series.length > 1 && content.series.every(({ shape }) => shape === 'bar');
  const sum = content.series.reduce((all, { values }) => all + (values[cursor.index] ?? 0), 0);
  return (
    <div class="tooltip" style={side} aria-hidden="true">
      <p>{times.step(startMs, startMs + stepMs)}</p>
      <table>
        <tbody>
          {content.series.toReversed().map(({ label, colour, shape, values }) => {
            const value = values[cursor.index];
            return (
              <tr key={label}>
                <td>
                  <i class={`swatch ${shape}`} style={{ '--swatch': `var(--${colour})` }} />
                </td>
                <td class="tooltip-name">
                  <Name text={label} />
                </td>
                <td class="number">{valueText(value, format)}</td>
                {isStack && <td class="share">{sum > 0 && value != null ? formatShare(value / sum) : ''}</td>}
              </tr>
            );
          })}
        </tbody>
        {isStack && (
          <tfoot>
            <tr>
              <td />
              <td>{unit === 'usd' ? 'In all' : 'Total'}</td>
              <td class="number">{format(sum)}</td>
              <td />
            </tr>
          </tfoot>
        )}
      </table>
      {isProvisional(content, startMs) && <p class="provisional">Not complete yet</p>}
    </div>
  );
}

export function spokenValues(
  content: ChartContent,
  index: number,
  { stepMs, format, times }: { stepMs: number; format: (value: number) => string; times: Times },
): string {
  const startMs = content.startsMs[index] ?? 0;
  const values = content.series.map(({ label, values: all }) => `${label} ${valueText(all[index], format)}`);
  const more = isProvisional(content, startMs) ? ', not complete yet' : '';
  return `${times.step(startMs, startMs + stepMs)}: ${values.join(', ')}${more}`;
}

function isProvisional({ provisionalFromMs }: ChartContent, startMs: number): boolean {
  return provisionalFromMs !== null && startMs >= provisionalFromMs;
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value == null ? '–' : format(value);
}
