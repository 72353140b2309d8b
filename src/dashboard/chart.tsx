import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { plotData, plotOptions } from './chart-options.ts';
import type { ChartContent, ChartSeries } from './chart-series.ts';
import { formatBucket } from './format-time.ts';

export interface ChartProps {
  readonly title: string;
  readonly content: ChartContent;
  readonly stepMs: number;
  readonly format: (value: number) => string;
  /** Redraws in its colours. */
  readonly theme: string;
  readonly onSelect: (fromMs: number, toMs: number) => void;
}

const HEIGHT_PX = 208;
/** More names than these get a line below the title. */
const ONE_LINE_MAX = 3;

interface Cursor {
  readonly index: number;
  readonly leftPx: number;
  readonly isRight: boolean;
}

/** One chart: bars or lines over time, a legend, and the values under the pointer or, with the arrow keys, under the cursor. */
export function Chart({ title, content, stepMs, format, theme, onSelect }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const latest = useRef({ content, onSelect });
  latest.current = { content, onSelect };
  const shape = content.series.map(({ label, colour, shape: drawn }) => `${label}/${colour}/${drawn}`).join('|');
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const style = { format, stepMs, widthPx: element.clientWidth, heightPx: HEIGHT_PX };
    const hooks = {
      onCursor: (drawn: uPlot) => setCursor(cursorOf(drawn, element)),
      onSelect: (fromMs: number, toMs: number) => latest.current.onSelect(fromMs, toMs),
    };
    const made = new uPlot(
      plotOptions(latest.current.content, style, hooks),
      plotData(latest.current.content),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
      // It stood on the chart that is gone.
      setCursor(null);
    };
  }, [shape, stepMs, format, theme]);
  useEffect(() => plot.current?.setData(plotData(content)), [content]);
  const moveCursor = (event: KeyboardEvent): void => {
    if (plot.current !== null && moveByKey(plot.current, event.key, cursor?.index ?? null)) event.preventDefault();
  };
  return (
    <figure class="panel chart">
      <figcaption>
        <h3>{title}</h3>
        {content.series.length > 1 && <Legend series={content.series} />}
      </figcaption>
      {/* biome-ignore lint/a11y: the keys move the cursor that the pointer moves */}
      <div
        class="plot"
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={`${title} over time. Left and right arrow keys read the values.`}
        onKeyDown={moveCursor}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      >
        <div ref={box} aria-hidden="true" />
        <p class="sr-only" aria-live="polite">
          {cursor === null || document.activeElement !== box.current?.parentElement
            ? ''
            : spokenValues(content, cursor.index, { stepMs, format })}
        </p>
        {cursor !== null && <Tooltip {...{ content, cursor, stepMs, format }} />}
      </div>
    </figure>
  );
}

function Legend({ series }: { readonly series: readonly ChartSeries[] }) {
  return (
    <ul class={series.length > ONE_LINE_MAX ? 'legend long' : 'legend'}>
      {series.map(({ label, colour, shape }) => (
        <li key={label}>
          <i class={`swatch ${shape}`} style={{ '--swatch': `var(--${colour})` }} />
          <span class="clip">{label}</span>
        </li>
      ))}
    </ul>
  );
}

interface TooltipProps {
  readonly content: ChartContent;
  readonly cursor: Cursor;
  readonly stepMs: number;
  readonly format: (value: number) => string;
}

function Tooltip({ content, cursor, stepMs, format }: TooltipProps) {
  const startMs = content.startsMs[cursor.index];
  if (startMs === undefined) return null;
  const side = cursor.isRight ? { right: `calc(100% - ${cursor.leftPx - 10}px)` } : { left: `${cursor.leftPx + 10}px` };
  return (
    <div class="tooltip" style={side} aria-hidden="true">
      <p>{formatBucket(startMs, stepMs)}</p>
      <table>
        <tbody>
          {content.series.toReversed().map(({ label, colour, shape, values }) => (
            <tr key={label}>
              <td>
                <i class={`swatch ${shape}`} style={{ '--swatch': `var(--${colour})` }} />
              </td>
              <td class="clip">{label}</td>
              <td class="number">{valueText(values[cursor.index], format)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Null where the pointer, or the keys, are at another chart: there only the cross-hair moves along. */
function cursorOf(plot: uPlot, element: HTMLElement): Cursor | null {
  const { left = -1 } = plot.cursor;
  const [first, second] = plot.data[0];
  const holder = element.parentElement;
  const isHere = holder !== null && (holder.matches(':hover') || holder === document.activeElement);
  if (first === undefined || left < 0 || !isHere) return null;
  // The step under the cursor, which begins at its left: the nearest start may be that of the next.
  const stepS = (second ?? first + 1) - first;
  const index = Math.min(Math.floor((plot.posToVal(left, 'x') - first) / stepS), plot.data[0].length - 1);
  if (index < 0) return null;
  const leftPx = left + plot.bbox.left / devicePixelRatio;
  return { index, leftPx, isRight: leftPx > element.clientWidth / 2 };
}

/** Whether the key meant something. */
function moveByKey(plot: uPlot, key: string, index: number | null): boolean {
  const last = plot.data[0].length - 1;
  const from = index ?? (key === 'ArrowLeft' ? last + 1 : -1);
  const targets: Record<string, number> = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last };
  const target = targets[key];
  if (target === undefined || last < 0) return false;
  const time = plot.data[0][Math.min(Math.max(target, 0), last)] ?? 0;
  plot.setCursor({ left: plot.valToPos(time, 'x') + 2, top: 10 });
  return true;
}

function spokenValues(
  { startsMs, series }: ChartContent,
  index: number,
  { stepMs, format }: { stepMs: number; format: (value: number) => string },
): string {
  const values = series.map(({ label, values: all }) => `${label} ${valueText(all[index], format)}`);
  return `${formatBucket(startsMs[index] ?? 0, stepMs)}: ${values.join(', ')}`;
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value == null ? '–' : format(value);
}
