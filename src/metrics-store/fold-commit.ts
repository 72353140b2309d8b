import { type AskedModel, isNamedAlike, nameOfBilled } from '../tally/billed-name.ts';
import { addTally, Tally } from '../tally/tally.ts';
import { addUsage, type BilledModel, Usage } from '../tally/usage.ts';
import { RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../tally/window.ts';
import { AUDIT_COUNTS, type AuditDelta, emptyAuditCounts } from './audit.ts';
import { BILLED_FIELDS } from './billed-columns.ts';
import type { Commit, TallyDelta, UsageDelta } from './commit.ts';
import {
  addEvaluationTally,
  addLabelCounts,
  type EvaluationDelta,
  type EvaluationTally,
  emptyEvaluationTally,
} from './evaluation.ts';
import { storableText } from './storable-text.ts';

/**
 * A commit's deltas, added up before they are written: one write per row, however many deltas name it. `Ref` is how the
 * adapter refers to a dictionary entry; two series may have the same one (the overflow), so folding comes after
 * resolving.
 */
export interface FoldedTally<Ref> {
  readonly ref: Ref;
  readonly windowStartMs: number;
  readonly tally: Tally;
}

/** How an adapter refers to an entry of its dictionary. */
interface Known {
  readonly id: number | string;
}

/**
 * The rows of each resolution that `deltas` add to. Tallies are not copied unless they must be added: do not change
 * them.
 */
export function foldTallies<Ref extends Known>(
  deltas: readonly TallyDelta[],
  resolve: (series: TallyDelta['series']) => Ref,
): ReadonlyMap<ResolutionMs, readonly FoldedTally<Ref>[]> {
  const refOf = resolvedOnce(resolve);
  let folded: FoldedTally<Ref>[] = deltas.map(({ series, windowStartMs: startMs, tally }) => ({
    ref: refOf(series),
    windowStartMs: startMs,
    tally,
  }));
  const byResolution = new Map<ResolutionMs, readonly FoldedTally<Ref>[]>();
  for (const resolutionMs of RESOLUTIONS_MS) {
    // Finest first: an hour is a sum of the folded minutes, which are fewer than the deltas.
    folded = foldTo(folded, resolutionMs);
    byResolution.set(resolutionMs, folded);
  }
  return byResolution;
}

/** Deltas of a series follow each other, and its names make a text to be looked up by. */
function resolvedOnce<Ref>(resolve: (series: TallyDelta['series']) => Ref): (series: TallyDelta['series']) => Ref {
  let last: { readonly series: TallyDelta['series']; readonly ref: Ref } | null = null;
  return (series) => {
    if (last?.series !== series) last = { series, ref: resolve(series) };
    return last.ref;
  };
}

function foldTo<Ref extends Known>(rows: readonly FoldedTally<Ref>[], resolutionMs: ResolutionMs): FoldedTally<Ref>[] {
  const folded: FoldedTally<Ref>[] = [];
  const isOwn: boolean[] = [];
  const places = new RowPlaces<number>();
  for (const row of rows) {
    const startMs = windowStartMs(row.windowStartMs, resolutionMs);
    const windows = places.of(row.ref);
    const at = windows.get(startMs);
    if (at === undefined) {
      windows.set(startMs, folded.length);
      folded.push(startMs === row.windowStartMs ? row : { ref: row.ref, windowStartMs: startMs, tally: row.tally });
      isOwn.push(false);
      continue;
    }
    const known = folded[at] as FoldedTally<Ref>;
    if (!isOwn[at]) {
      const tally = new Tally();
      addTally(tally, known.tally);
      folded[at] = { ref: known.ref, windowStartMs: startMs, tally };
      isOwn[at] = true;
    }
    addTally((folded[at] as FoldedTally<Ref>).tally, row.tally);
  }
  return folded;
}

/** By series and window, without a text for each row: a backfill has ten thousands in a commit. */
class RowPlaces<Value> {
  readonly #bySeries = new Map<Known['id'], Map<number, Value>>();

  of({ id }: Known): Map<number, Value> {
    let windows = this.#bySeries.get(id);
    if (windows === undefined) this.#bySeries.set(id, (windows = new Map()));
    return windows;
  }
}

export interface FoldedUsage<Ref> {
  readonly ref: Ref;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly usage: Usage;
}

/** As with tallies, what is not added to another is not copied: do not change it. */
export function foldUsages<Ref extends Known>(
  deltas: readonly UsageDelta[],
  resolve: (series: UsageDelta['series']) => Ref,
): readonly FoldedUsage<Ref>[] {
  const refOf = resolvedOnce(resolve);
  const folded: FoldedUsage<Ref>[] = [];
  const isOwn: boolean[] = [];
  const places = new RowPlaces<number[]>();
  for (const delta of deltas) {
    const { windowStartMs: startMs, usage } = delta;
    const row = { ref: refOf(delta.series), windowStartMs: startMs, billed: storableBilled(delta.billed), usage };
    const windows = places.of(row.ref);
    const ofWindow = windows.get(startMs);
    const at = ofWindow?.find((place) => isSameBilled((folded[place] as FoldedUsage<Ref>).billed, row.billed));
    if (at === undefined) {
      if (ofWindow === undefined) windows.set(startMs, [folded.length]);
      else ofWindow.push(folded.length);
      folded.push(row);
      isOwn.push(false);
      continue;
    }
    const known = folded[at] as FoldedUsage<Ref>;
    if (!isOwn[at]) {
      const sum = new Usage();
      addUsage(sum, known.usage);
      folded[at] = { ...known, usage: sum };
      isOwn[at] = true;
    }
    addUsage((folded[at] as FoldedUsage<Ref>).usage, usage);
  }
  return folded;
}

function isSameBilled(a: BilledModel, b: BilledModel): boolean {
  return BILLED_FIELDS.every((field) => a[field] === b[field]);
}

export function billedKey(billed: BilledModel): string {
  return BILLED_FIELDS.map((field) => billed[field]).join('\0');
}

export function storableBilled(billed: BilledModel): BilledModel {
  return { ...billed, provider: storableText(billed.provider), model: storableText(billed.model) };
}

/** Its name beside a series, of which what is its own is storable already. */
export function storableNameOf(billed: BilledModel, series: AskedModel): string {
  return nameOfBilled(isNamedAlike(billed, series) ? billed : storableBilled(billed), series);
}

export interface FoldedEvaluation<Ref> {
  readonly ref: Ref;
  readonly name: string;
  readonly windowStartMs: number;
  readonly tally: EvaluationTally;
}

/** Where an evaluation is added up: its own name and labels, or the overflow's beyond the limits. */
export interface EvaluationPlace<Ref> {
  readonly ref: Ref;
  readonly name: string;
  labelOf(label: string): string;
}

export function foldEvaluations<Ref extends { readonly id: number | string }>(
  deltas: readonly EvaluationDelta[],
  resolve: (delta: EvaluationDelta) => EvaluationPlace<Ref>,
): readonly FoldedEvaluation<Ref>[] {
  const folded = new Map<string, FoldedEvaluation<Ref>>();
  for (const delta of deltas) {
    const place = resolve(delta);
    const { ref, name } = place;
    const key = `${ref.id} ${delta.windowStartMs} ${name}`;
    let row = folded.get(key);
    if (row === undefined) {
      row = { ref, name, windowStartMs: delta.windowStartMs, tally: emptyEvaluationTally() };
      folded.set(key, row);
    }
    const labels = new Map<string, number>();
    addLabelCounts(
      labels,
      Array.from(delta.tally.labels, ([label, count]) => [place.labelOf(label), count]),
    );
    addEvaluationTally(row.tally, { ...delta.tally, labels });
  }
  return [...folded.values()];
}

export function foldAudits(deltas: Commit['audits']): readonly AuditDelta[] {
  const folded = new Map<string, AuditDelta>();
  for (const delta of deltas) {
    const tenantId = storableText(delta.tenantId);
    const key = `${delta.hourStartMs} ${tenantId}`;
    let row = folded.get(key);
    if (row === undefined) {
      row = { tenantId, hourStartMs: delta.hourStartMs, counts: emptyAuditCounts() };
      folded.set(key, row);
    }
    for (const count of AUDIT_COUNTS) row.counts[count] += delta.counts[count];
  }
  return [...folded.values()];
}
