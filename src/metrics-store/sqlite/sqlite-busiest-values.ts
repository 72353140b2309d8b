import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { Tally } from '../../tally/tally.ts';
import { addEncodedTally } from '../../tally/tally-codec.ts';
import { TallyRows } from '../../tally/tally-rows.ts';
import { TallySummer } from '../../tally/tally-summer.ts';
import { busiestOf, distinctValues } from '../busiest.ts';
import type { BusiestGroups, DimensionChoice, MetricsRow } from '../metrics-reader.ts';
import { isFiltered, type TenantQuery } from '../regroup.ts';
import { eachPiece, SqliteDimensionNames } from './sqlite-dimensions.ts';

/**
 * The busiest values of a dimension. At first only the requests of each are added up, which takes a tenth of adding up
 * all; then the rest of those that are shown. Runs inside a read transaction.
 */
export function readBusiestValues(
  connection: SqliteConnection,
  tenantKey: number,
  asked: { readonly query: TenantQuery; readonly dimension: DimensionChoice; readonly limit: number },
): BusiestGroups {
  const { limit } = asked;
  const names = new SqliteDimensionNames(connection, tenantKey, asked);
  const requests = requestsByText(requestsByNumber(connection, tenantKey, asked, names), names);
  const busiest = [...requests].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  // Of one without requests there may be nothing left at all: then it is no group.
  const shown = new Set(busiest.filter(([, count], index) => index < limit || count <= 0).map(([text]) => text));
  names.keepOnly(shown);
  const rows = sumsByText(connection, tenantKey, asked, names);
  const there = new Set(rows.map(({ value }) => value));
  const values = [...requests.keys()].filter((text) => there.has(text) || !shown.has(text));
  return { rows: busiestOf(rows, limit).rows, groupCount: values.length, distinctValues: distinctValues(values) };
}

function requestsByNumber(
  connection: SqliteConnection,
  tenantKey: number,
  asked: { readonly query: TenantQuery; readonly dimension: DimensionChoice },
  names: SqliteDimensionNames,
): ReadonlyMap<number, number> {
  const { budget } = asked.query;
  const isNarrowed = isFiltered(asked.query);
  const requests = new Map<number, number>();
  let value = -1;
  let count = 0;
  for (const { reader } of eachPiece(connection, tenantKey, asked)) {
    while (reader.next()) {
      budget?.countRow();
      if (isNarrowed && names.seriesOf(reader.seriesId) === null) continue;
      // Merged pieces are in the order of values.
      if (reader.value !== value) {
        if (value !== -1) requests.set(value, (requests.get(value) ?? 0) + count);
        value = reader.value;
        count = 0;
      }
      count += reader.requests();
    }
  }
  if (value !== -1) requests.set(value, (requests.get(value) ?? 0) + count);
  return requests;
}

/** All that is to be known of the values that names are still found for. */
function sumsByText(
  connection: SqliteConnection,
  tenantKey: number,
  asked: { readonly query: TenantQuery; readonly dimension: DimensionChoice },
  names: SqliteDimensionNames,
): readonly MetricsRow[] {
  const { query } = asked;
  const isNarrowed = isFiltered(query);
  const sums = new TallyRows();
  /** By text, as values that were deleted are those of nobody. */
  const rowOfText = new Map<string, number>();
  const rowOfValue = new Map<number, number | null>();
  const rowOf = (value: number): number | null => {
    const text = names.valueOf(value);
    if (text === null) return null;
    let row = rowOfText.get(text);
    if (row === undefined) {
      query.budget?.countGroups(rowOfText.size);
      rowOfText.set(text, (row = sums.add()));
    }
    return row;
  };
  for (const { reader } of eachPiece(connection, tenantKey, asked)) {
    while (reader.next()) {
      query.budget?.countRow();
      let row = rowOfValue.get(reader.value);
      if (row === undefined) rowOfValue.set(reader.value, (row = rowOf(reader.value)));
      if (row === null || (isNarrowed && names.seriesOf(reader.seriesId) === null)) continue;
      sums.addEncoded(row, reader);
    }
  }
  return rowsOfSums(sums, rowOfText, query);
}

/** In the order of their values. */
function rowsOfSums(
  sums: TallyRows,
  rowOfText: ReadonlyMap<string, number>,
  { fromMs, toMs, tenantId, groupBy }: TenantQuery,
): readonly MetricsRow[] {
  const summer = new TallySummer();
  const names = { tenantId: groupBy.includes('tenant_id') ? tenantId : null, route: null, model: null, provider: null };
  const window = { windowStartMs: fromMs, windowEndMs: toMs };
  return [...rowOfText]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([value, row]) => {
      const encoded = summer.encodeRow(sums, row);
      // One from which all was taken back again is as if it had never been.
      if (encoded === null) return [];
      const tally = new Tally();
      addEncodedTally(tally, { bytes: encoded.bytes, at: encoded.start });
      return { ...window, ...names, value, errorKind: null, tally };
    });
}

function requestsByText(
  byNumber: ReadonlyMap<number, number>,
  names: SqliteDimensionNames,
): ReadonlyMap<string, number> {
  const byText = new Map<string, number>();
  for (const [value, count] of byNumber) {
    const text = names.valueOf(value);
    if (text !== null) byText.set(text, (byText.get(text) ?? 0) + count);
  }
  return byText;
}
