import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import type { Stretch } from '../../tally/steps.ts';
import { DAY_MS, HOUR_MS, type ReadResolutionMs, windowStartMs } from '../../tally/window.ts';
import { minutesTold } from './minute-bits.ts';
import { SELECT_MINUTE, selectHoursOfSeries, selectSeriesRows, type WindowTable } from './window-statements.ts';

/** A stored window of a series. */
export interface WindowRow {
  readonly windowStartMs: number;
  readonly seriesId: number;
  readonly sums: Uint8Array;
}

interface RowsOfSeries extends Pick<Stretch, 'fromMs' | 'toMs' | 'resolutionMs'> {
  readonly seriesId: number;
  readonly order: 'asc' | 'desc';
  /** Several may be walked at a time, each with statements of its own. */
  readonly stream: number;
}

export function tableOf(resolutionMs: ReadResolutionMs): WindowTable {
  if (resolutionMs === DAY_MS) return 'metrics_1d';
  return resolutionMs === HOUR_MS ? 'metrics_1h' : 'metrics_1m';
}

/** In the order of time. Minutes are found by the hours that tell of them. */
export function* rowsOfSeries(connection: SqliteConnection, asked: RowsOfSeries): Iterable<WindowRow> {
  const { seriesId, fromMs, toMs, resolutionMs, order, stream } = asked;
  const table = tableOf(resolutionMs);
  if (table === 'metrics_1m') {
    yield* minutesOfSeries(connection, asked);
    return;
  }
  const sql = selectSeriesRows({ table, order, stream });
  for (const [startMs, sums] of connection.rows(sql, seriesId, fromMs, toMs)) {
    yield { windowStartMs: Number(startMs), seriesId, sums: sums as Uint8Array };
  }
}

function* minutesOfSeries(connection: SqliteConnection, asked: RowsOfSeries): Iterable<WindowRow> {
  const { seriesId, fromMs, toMs, order, stream } = asked;
  const sql = selectHoursOfSeries({ order, stream });
  for (const [tenantKey, startMs, bits] of connection.rows(sql, seriesId, windowStartMs(fromMs, HOUR_MS), toMs)) {
    connection.endIfInterrupted();
    const minutes = minutesTold(bits as bigint, Number(startMs)).filter((atMs) => atMs >= fromMs && atMs < toMs);
    if (order === 'desc') minutes.reverse();
    for (const minuteMs of minutes) {
      const [sums] = connection.row(SELECT_MINUTE, Number(tenantKey), minuteMs, seriesId) ?? [];
      if (sums !== undefined) yield { windowStartMs: minuteMs, seriesId, sums: sums as Uint8Array };
    }
  }
}
