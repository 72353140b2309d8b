import { addTally, Tally } from '../tally/tally.ts';
import { addUsage, type BilledModel, Usage } from '../tally/usage.ts';
import { RESOLUTIONS_MS, type ResolutionMs, windowStartMs } from '../tally/window.ts';
import { AUDIT_COUNTS, type AuditDelta, emptyAuditCounts } from './audit.ts';
import { BILLED_FIELDS } from './billed-columns.ts';
import type { Commit, TallyDelta, UsageDelta } from './commit.ts';
import { addEvaluationTally, type EvaluationDelta, type EvaluationTally, emptyEvaluationTally } from './evaluation.ts';
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

/**
 * The rows of each resolution that `deltas` add to. Tallies are not copied unless they must be added: do not change
 * them.
 */
export function foldTallies<Ref extends { readonly id: number | string }>(
  deltas: readonly TallyDelta[],
  resolve: (series: TallyDelta['series']) => Ref,
): ReadonlyMap<ResolutionMs, readonly FoldedTally<Ref>[]> {
  let folded: FoldedTally<Ref>[] = deltas.map((delta) => ({
    ref: resolve(delta.series),
    windowStartMs: delta.windowStartMs,
    tally: delta.tally,
  }));
  const byResolution = new Map<ResolutionMs, readonly FoldedTally<Ref>[]>();
  for (const resolutionMs of RESOLUTIONS_MS) {
    // Finest first: an hour is a sum of the folded minutes, which are fewer than the deltas.
    folded = foldTo(folded, resolutionMs);
    byResolution.set(resolutionMs, folded);
  }
  return byResolution;
}

function foldTo<Ref extends { readonly id: number | string }>(
  rows: readonly FoldedTally<Ref>[],
  resolutionMs: ResolutionMs,
): FoldedTally<Ref>[] {
  const folded = new Map<string, { row: FoldedTally<Ref>; isOwn: boolean }>();
  for (const row of rows) {
    const startMs = windowStartMs(row.windowStartMs, resolutionMs);
    const key = `${startMs} ${row.ref.id}`;
    const entry = folded.get(key);
    if (entry === undefined) {
      folded.set(key, { row: { ...row, windowStartMs: startMs }, isOwn: false });
      continue;
    }
    if (!entry.isOwn) {
      const tally = new Tally();
      addTally(tally, entry.row.tally);
      entry.row = { ...entry.row, tally };
      entry.isOwn = true;
    }
    addTally(entry.row.tally, row.tally);
  }
  return Array.from(folded.values(), ({ row }) => row);
}

export interface FoldedUsage<Ref> {
  readonly ref: Ref;
  readonly windowStartMs: number;
  readonly billed: BilledModel;
  readonly usage: Usage;
}

export function foldUsages<Ref extends { readonly id: number | string }>(
  deltas: readonly UsageDelta[],
  resolve: (series: UsageDelta['series']) => Ref,
): readonly FoldedUsage<Ref>[] {
  const folded = new Map<string, FoldedUsage<Ref>>();
  for (const delta of deltas) {
    const ref = resolve(delta.series);
    const billed = storableBilled(delta.billed);
    const key = `${ref.id} ${delta.windowStartMs} ${billedKey(billed)}`;
    let row = folded.get(key);
    if (row === undefined) {
      row = { ref, windowStartMs: delta.windowStartMs, billed, usage: new Usage() };
      folded.set(key, row);
    }
    addUsage(row.usage, delta.usage);
  }
  return [...folded.values()];
}

export function billedKey(billed: BilledModel): string {
  return BILLED_FIELDS.map((field) => billed[field]).join('\0');
}

export function storableBilled(billed: BilledModel): BilledModel {
  return { ...billed, provider: storableText(billed.provider), model: storableText(billed.model) };
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
    for (const [label, count] of delta.tally.labels) {
      const kept = place.labelOf(label);
      labels.set(kept, (labels.get(kept) ?? 0) + count);
    }
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
