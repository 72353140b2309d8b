import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Unit } from './axis-steps.ts';
import { plotData, plotOptions } from './chart-options.ts';
import type { ChartContent } from './chart-series.ts';
import { ChartTooltip, type Cursor, spokenValues } from './chart-tooltip.tsx';
import { Legend } from './legend.tsx';
import { useTimes } from './times-context.ts';

export interface ChartProps {
  readonly title: string;
  readonly content: ChartContent;
  readonly unit: Unit;
  readonly stepMs: number;
  readonly format: (value: number) => string;
  /** Redraws in its colours. */
  readonly theme: string;
  /** The time zone of the axis. */
  readonly zone: string;
  readonly onSelect: (fromMs: number, toMs: number) => void;
  /**
   * The series that a legend for several charts shows alone, null: all; undefined where the chart has its own legend.
   */
  readonly aloneOfAll: string | null | undefined;
  /** More or less time than is shown, by this factor. */
  readonly onZoom: (factor: number) => void;
}

const HEIGHT_PX = 208;
const CLICK_PX_MAX = 5;
const DOUBLE_CLICK_MS = 250;

/**
 * One chart: bars or lines over time, a legend, and the values under the pointer or, with the arrow keys, under the
 * cursor.
 */
export function Chart({
  title,
  content: whole,
  unit,
  stepMs,
  format,
  theme,
  zone,
  aloneOfAll,
  onSelect,
  onZoom,
}: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [ownAlone, setAlone] = useState<string | null>(null);
  const alone = aloneOfAll === undefined ? ownAlone : aloneOfAll;
  const times = useTimes();
  const content = isolated(whole, alone);
  const latest = useRef({ content, onSelect });
  latest.current = { content, onSelect };
  const shape = content.series.map(({ label, colour, shape: drawn }) => `${label}/${colour}/${drawn}`).join('|');
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const style = { unit, format, stepMs, zone, widthPx: element.clientWidth, heightPx: HEIGHT_PX };
    const hooks = {
      onCursor: (drawn: uPlot) => setCursor(cursorOf(drawn, element)),
      onSelect: (fromMs: number, toMs: number) => latest.current.onSelect(fromMs, toMs),
      provisionalFromMs: () => latest.current.content.provisionalFromMs,
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
  }, [shape, unit, stepMs, format, theme, zone]);
  useEffect(() => plot.current?.setData(plotData(content)), [whole, alone]);
  const onKey = (event: KeyboardEvent): void => {
    const factor = { '+': 0.5, '=': 0.5, '-': 2 }[event.key];
    if (factor !== undefined && !event.ctrlKey && !event.metaKey) onZoom(factor);
    else if (plot.current !== null && moveByKey(plot.current, event.key, cursor?.index ?? null)) event.preventDefault();
  };
  const press = useRef({ x: 0, timer: 0 });
  useEffect(() => () => clearTimeout(press.current.timer), []);
  const onClick = (event: MouseEvent): void => {
    clearTimeout(press.current.timer);
    const startMs = cursor === null ? undefined : content.startsMs[cursor.index];
    // A local day may be an hour shorter or longer than others.
    const endMs = content.startsMs[(cursor?.index ?? 0) + 1] ?? (startMs ?? 0) + stepMs;
    // A drag ends with a click too.
    const isStill = Math.abs(event.clientX - press.current.x) < CLICK_PX_MAX;
    if (event.detail !== 1 || !isStill || startMs === undefined || cursor?.isPointed !== true) return;
    // A second click would make it a double click, which means something else.
    press.current.timer = setTimeout(() => onSelect(startMs, endMs), DOUBLE_CLICK_MS);
  };
  return (
    <figure class="panel chart">
      <figcaption>
        <h3>{title}</h3>
        {aloneOfAll === undefined && whole.series.length > 1 && (
          <Legend series={whole.series} alone={alone} onAlone={setAlone} />
        )}
      </figcaption>
      {/* biome-ignore lint/a11y: the keys move the cursor that the pointer moves */}
      <div
        class="plot"
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={`${title} over time. Left and right arrow keys read the values; plus and minus show less or more time.`}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          press.current.x = event.clientX;
        }}
        onClick={onClick}
        onDblClick={() => onZoom(2)}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      >
        <div ref={box} aria-hidden="true" />
        {content.series.every(({ values }) => values.every((value) => value === null)) && (
          <p class="plot-empty">Nothing is known of it in this range</p>
        )}
        <p class="sr-only" aria-live="polite">
          {cursor === null || document.activeElement !== box.current?.parentElement
            ? ''
            : spokenValues(content, cursor.index, { stepMs, format, times })}
        </p>
        {cursor !== null && <ChartTooltip {...{ content, cursor, stepMs, format, unit }} />}
      </div>
    </figure>
  );
}

/** The one series that was chosen in the legend, if it is still there. */
function isolated(content: ChartContent, alone: string | null): ChartContent {
  const series = content.series.filter(({ label }) => label === alone);
  return series.length === 0 ? content : { ...content, series };
}

/** Null where the pointer, or the keys, are at another chart: there only the cross-hair moves along. */
function cursorOf(plot: uPlot, element: HTMLElement): Cursor | null {
  const { left = -1 } = plot.cursor;
  const times = plot.data[0];
  const [first] = times;
  const holder = element.parentElement;
  const isPointed = holder?.matches(':hover') === true;
  if (first === undefined || left < 0 || !(isPointed || holder === document.activeElement)) return null;
  // The step under the cursor, which begins at its left: the nearest start may be that of the next.
  const atS = plot.posToVal(left, 'x');
  const index = times.findLastIndex((startS) => startS <= atS);
  if (index < 0) return null;
  const leftPx = left + plot.bbox.left / devicePixelRatio;
  return { index, leftPx, isRight: leftPx > element.clientWidth / 2, isPointed };
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
