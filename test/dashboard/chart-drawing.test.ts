import assert from 'node:assert/strict';
import { test } from 'node:test';
import type uPlot from 'uplot';
import { type ChartHooks, plotData, plotOptions } from '../../src/dashboard/chart-options.ts';
import { fadeProvisional } from '../../src/dashboard/chart-provisional.ts';
import type { ChartContent, ChartSeries } from '../../src/dashboard/chart-series.ts';
import { colourOf } from '../../src/dashboard/colours.ts';
import { withGlobals } from './page-globals.ts';

const series = (label: string, shape: 'bar' | 'line', ...values: (number | null)[]): ChartSeries => ({
  label,
  colour: 'series-1',
  shape,
  values,
});
const CONTENT: ChartContent = {
  startsMs: [1_000, 2_000],
  series: [series('bottom', 'bar', 1, 0), series('line', 'line', 9, null), series('top', 'bar', 2, null)],
  provisionalFromMs: null,
};
const STYLE = { unit: 'count', format: String, stepMs: 1_000, zone: 'UTC', widthPx: 10, heightPx: 10 } as const;

/** Style sheets here give a colour the name of its variable. */
class FakeElement {
  hidden = false;
  style = { color: '' };
  isOnPage = false;

  remove(): void {
    this.isOnPage = false;
  }
}

function aPage() {
  const elements: FakeElement[] = [];
  const document = {
    createElement: () => elements[elements.push(new FakeElement()) - 1],
    body: {
      append: (element: FakeElement) => {
        element.isOnPage = true;
      },
    },
  };
  const getComputedStyle = ({ isOnPage, style }: FakeElement) => (isOnPage ? { color: style.color } : {});
  return { elements, globals: { document, getComputedStyle, devicePixelRatio: 1 } };
}

test('bars are drawn from the whole stack down, each with what lies below it, and lines after them', () => {
  assert.deepEqual(plotData(CONTENT), [
    [1, 2],
    [3, null],
    [1, null],
    [9, null],
  ]);
});

test('the series of a plot are named in the order of its data', async () => {
  const hooks: ChartHooks = { onCursor: () => undefined, onSelect: () => undefined, provisionalFromMs: () => null };
  const options = await withGlobals(aPage().globals, () => plotOptions(CONTENT, STYLE, hooks));
  assert.deepEqual(
    options.series.map(({ label }) => label),
    [undefined, 'top', 'bottom', 'line'],
  );
});

test('a stretch that is drawn with the pointer is told in times, a mere click is not', async () => {
  const chosen: number[][] = [];
  const hooks: ChartHooks = {
    onCursor: () => undefined,
    onSelect: (...range) => chosen.push(range),
    provisionalFromMs: () => null,
  };
  const { hooks: drawn } = await withGlobals(aPage().globals, () => plotOptions(CONTENT, STYLE, hooks));
  const select = (left: number, width: number): void => {
    const plot = { select: { left, width }, posToVal: (px: number) => px, setSelect: () => undefined };
    for (const hook of drawn?.setSelect ?? []) hook?.(plot as unknown as uPlot);
  };
  select(5, 7);
  select(5, 8);
  assert.deepEqual(chosen, [[5_000, 13_000]]);
});

test('a chart begins at nothing, leaves air above, and one of nothing has an axis', async () => {
  const hooks: ChartHooks = { onCursor: () => undefined, onSelect: () => undefined, provisionalFromMs: () => null };
  const { scales } = await withGlobals(aPage().globals, () => plotOptions(CONTENT, STYLE, hooks));
  const range = scales?.['y']?.range as unknown as (plot: null, min: number, max: number) => number[];
  const [, top = 0] = range(null, 50, 100);
  assert.ok(range(null, 50, 100)[0] === 0 && top > 100 && top < 120);
  assert.deepEqual(range(null, 0, 0), [0, 1]);
});

test('a colour is that of the style sheet, and asking for it leaves nothing on the page', async () => {
  const { elements, globals } = aPage();
  assert.equal(await withGlobals(globals, () => colourOf('grid')), 'var(--grid)');
  assert.deepEqual(
    elements.map(({ hidden, isOnPage }) => [hidden, isOnPage]),
    [[true, false]],
  );
});

test('only steps that may still change are faded, within the chart', async () => {
  const faded = async (fromMs: number | null): Promise<readonly number[] | undefined> => {
    const rectangles: number[][] = [];
    const draw = new Proxy<Record<string, unknown>>(
      {},
      {
        get: (_, name) => (name === 'rect' ? (...rectangle: number[]) => rectangles.push(rectangle) : () => undefined),
        set: () => true,
      },
    );
    const plot = {
      ctx: draw,
      bbox: { left: 10, top: 5, width: 100, height: 50 },
      valToPos: (seconds: number) => seconds,
    };
    await withGlobals(aPage().globals, () => fadeProvisional(plot as unknown as uPlot, fromMs));
    return rectangles[0];
  };
  assert.equal(await faded(null), undefined);
  assert.deepEqual(await faded(60_000), [60, 5, 50, 50]);
  assert.deepEqual(await faded(1_000), [10, 5, 100, 50]);
  assert.equal(await faded(110_000), undefined);
});
