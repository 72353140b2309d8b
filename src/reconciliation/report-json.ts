import { type Static, Type } from 'typebox';
import { CAUSE_NAMES, CAUSES, type Certainty } from './causes.ts';
import type { Booking } from './correction.ts';
import type { ReconciledRow, Reconciliation, Side } from './reconcile.ts';
import { at, type ByPart, isNothing, NO_TOKENS, outputOf, PARTS, plus, promptOf } from './tokens.ts';

const Usd = (description: string) => Type.Number({ description });
const Text = (description: string) => Type.String({ description });
const Instant = (description: string) => Type.String({ format: 'date-time', description });
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const SideJson = Type.Object({
  requests: Nullable(Type.Integer({ description: 'Null where the provider does not count them.' })),
  prompt_tokens: Type.Integer(),
  completion_tokens: Type.Integer(),
  tokens: Type.Record(Type.String(), Type.Integer(), {
    description: 'By part of the bill; parts without tokens are left out.',
  }),
  usd: Usd('Ours: as it is stored. Theirs: what is charged, or where nothing says that, their tokens at our prices.'),
});

const EvidenceJson = Type.Object({
  text: Text('What was found.'),
  usd: Usd('What is explained by it.'),
  certainty: Type.Enum(['sure', 'likely', 'one_of'] satisfies Certainty[], { type: 'string' }),
  or_else: Type.Array(Type.String(), { description: 'The other causes that fit as well; with the certainty one_of.' }),
  requests: Type.Integer(),
  prompt_tokens: Type.Integer(),
  completion_tokens: Type.Integer(),
});

const CauseJson = Type.Object({
  cause: Type.Enum([...CAUSE_NAMES], { type: 'string' }),
  title: Type.String(),
  means: Type.String(),
  decided_by: Text('What further data would tell it apart from others.'),
  usd: Usd('Theirs minus ours.'),
  requests: Type.Integer(),
  prompt_tokens: Type.Integer(),
  completion_tokens: Type.Integer(),
  certainty: Type.Enum(['sure', 'likely', 'one_of'] satisfies Certainty[], {
    type: 'string',
    description: 'The weakest of its evidence.',
  }),
  evidence: Type.Array(EvidenceJson),
});

const RowJson = Type.Object({
  start: Instant('Of the bucket, in UTC.'),
  key: Text('A key, project or workspace of the provider; empty where they are not told apart.'),
  model: Text('Without the date of a snapshot.'),
  ours: SideJson,
  theirs: SideJson,
  difference_usd: Usd('Theirs minus ours.'),
  causes: Type.Array(Type.Object({ cause: Type.String(), usd: Type.Number() })),
});

/** What `streamlens reconcile` prints, stores, and what the API gives back. */
export const ReconciliationJson = Type.Object(
  {
    id: Nullable(Text('Null where it is not stored.')),
    made_at: Instant('When the provider was asked.'),
    source: Text('openai, anthropic, openrouter, aws, or the names of files.'),
    provider: Text('As price lists name it.'),
    from: Instant('The first instant.'),
    to: Instant('The first instant after it.'),
    step: Text('Of the buckets that were compared.'),
    tenant_id: Nullable(Text('Null for all tenants.')),
    price_list: Text('By which our tokens were priced.'),
    charged: Type.Boolean({ description: 'Whether the provider said what it charges.' }),
    ours: SideJson,
    theirs: SideJson,
    difference_usd: Usd('Theirs minus ours: the sum of all causes.'),
    unexplained_usd: Usd('What nothing explains, without regard to its sign.'),
    tolerance_usd: Usd('How much of that is let pass.'),
    within_tolerance: Type.Boolean(),
    causes: Type.Array(CauseJson, { description: 'The largest first.' }),
    rows: Type.Array(RowJson, { description: 'Those that differ, the largest difference first.' }),
    rows_left_out: Type.Integer({ description: 'How many more rows differ.' }),
    notes: Type.Array(Type.String()),
  },
  { description: "A provider's bill beside our figures, each difference with its cause." },
);
export type ReconciliationJson = Static<typeof ReconciliationJson>;
export type CauseJson = Static<typeof CauseJson>;

export interface ReportFrame {
  readonly madeAtMs: number;
  readonly source: string;
  readonly provider: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  readonly tenantId: string | null;
  readonly priceList: string;
  /** A share of what theirs is, or USD. */
  readonly tolerance: { readonly usd: number } | { readonly share: number };
  readonly notes: readonly string[];
  readonly rowsMax: number;
}

export function reconciliationJson(result: Reconciliation, frame: ReportFrame): ReconciliationJson {
  const { bookings, rows, ours, theirs, areRequestsKnown } = result;
  const differing = rows
    .filter((row) => seenIn(row.bookings).length > 0)
    .toSorted((a, b) => usdDistance(b) - usdDistance(a));
  const unexplained = bookings.filter(({ reason }) => reason.cause === 'unexplained');
  const unexplainedUsd = unexplained.reduce((sum, { picoUsd }) => sum + Math.abs(usdOf(picoUsd)), 0);
  const { tolerance } = frame;
  const toleranceUsd = 'usd' in tolerance ? tolerance.usd : Math.abs(usdOf(theirs.picoUsd)) * tolerance.share;
  return {
    id: null,
    made_at: instant(frame.madeAtMs),
    source: frame.source,
    provider: frame.provider,
    from: instant(frame.fromMs),
    to: instant(frame.toMs),
    step: stepName(frame.bucketMs),
    tenant_id: frame.tenantId,
    price_list: frame.priceList,
    charged: result.isCharged,
    ours: sideJson(ours, true),
    theirs: sideJson(theirs, areRequestsKnown),
    difference_usd: usdOf(theirs.picoUsd - ours.picoUsd),
    unexplained_usd: unexplainedUsd,
    tolerance_usd: toleranceUsd,
    within_tolerance: unexplainedUsd <= toleranceUsd,
    causes: causesJson(rows.flatMap(({ bookings: ofRow }) => seenIn(ofRow))),
    rows: differing.slice(0, frame.rowsMax).map((row) => rowJson(row, areRequestsKnown)),
    rows_left_out: Math.max(0, differing.length - frame.rowsMax),
    notes: [...frame.notes],
  };
}

/** Without the causes that leave a row as it is, such as another name of the same model at the same price. */
function seenIn(bookings: readonly Booking[]): Booking[] {
  return [...Map.groupBy(bookings, ({ reason }) => reason.cause).values()].filter(isSeen).flat();
}

function isSeen(bookings: readonly Booking[]): boolean {
  const tokens = bookings.reduce<ByPart>((sum, booking) => plus(sum, booking.tokens), NO_TOKENS);
  const picoUsd = bookings.reduce((sum, booking) => sum + booking.picoUsd, 0n);
  const requests = bookings.reduce((sum, booking) => sum + booking.requests, 0);
  return picoUsd !== 0n || requests !== 0 || !isNothing(tokens);
}

function causesJson(bookings: readonly Booking[]): CauseJson[] {
  return [...Map.groupBy(bookings, ({ reason }) => reason.cause)]
    .map(([cause, ofCause]) => {
      const { title, means, decides } = CAUSES[cause];
      const evidence = evidenceJson(ofCause);
      const certainty: Certainty =
        (['one_of', 'likely'] as const).find((each) => evidence.some((one) => one.certainty === each)) ?? 'sure';
      return { cause, title, means, decided_by: decides, ...sumJson(ofCause), certainty, evidence };
    })
    .toSorted((a, b) => Math.abs(b.usd) - Math.abs(a.usd));
}

/** Of one cause: bookings with the same evidence as one, the largest first. */
function evidenceJson(bookings: readonly Booking[]) {
  const byEvidence = Map.groupBy(
    bookings,
    ({ reason }) => `${reason.certainty}\0${reason.orElse?.join(',') ?? ''}\0${reason.evidence}`,
  );
  return [...byEvidence.values()]
    .flatMap((alike) => {
      const [first] = alike;
      if (first === undefined) return [];
      const { evidence: text, certainty, orElse = [] } = first.reason;
      return [{ text, certainty, or_else: [...orElse] as string[], ...sumJson(alike) }];
    })
    .toSorted((a, b) => Math.abs(b.usd) - Math.abs(a.usd))
    .slice(0, EVIDENCE_MAX);
}

const EVIDENCE_MAX = 20;

function sumJson(bookings: readonly Booking[]) {
  const sum = (of: (booking: Booking) => number) => bookings.reduce((all, booking) => all + of(booking), 0);
  return {
    usd: usdOf(bookings.reduce((all, { picoUsd }) => all + picoUsd, 0n)),
    requests: sum(({ requests }) => requests),
    prompt_tokens: sum(({ tokens }) => promptOf(tokens)),
    completion_tokens: sum(({ tokens }) => outputOf(tokens)),
  };
}

function rowJson({ startMs, key, model, ours, theirs, bookings }: ReconciledRow, areRequestsKnown: boolean) {
  const causes = [...Map.groupBy(seenIn(bookings), ({ reason }) => reason.cause)]
    .map(([cause, ofCause]) => ({ cause, usd: sumJson(ofCause).usd }))
    .toSorted((a, b) => Math.abs(b.usd) - Math.abs(a.usd));
  return {
    start: instant(startMs),
    key,
    model,
    ours: sideJson(ours, true),
    theirs: sideJson(theirs, areRequestsKnown),
    difference_usd: usdOf(theirs.picoUsd - ours.picoUsd),
    causes,
  };
}

/** By what is explained in it, as causes of different signs may cancel out. */
function usdDistance({ bookings }: ReconciledRow): number {
  return bookings.reduce((sum, { picoUsd }) => sum + Math.abs(Number(picoUsd)), 0);
}

function sideJson({ requests, tokens, picoUsd }: Side, areRequestsKnown: boolean) {
  const parts = PARTS.map((part, index) => [part, at(tokens, index)] as const).filter(([, count]) => count !== 0);
  return {
    requests: areRequestsKnown ? requests : null,
    prompt_tokens: promptOf(tokens),
    completion_tokens: outputOf(tokens),
    tokens: Object.fromEntries(parts),
    usd: usdOf(picoUsd),
  };
}

function usdOf(picoUsd: bigint): number {
  return Number(picoUsd) / 1e12;
}

function instant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

export function stepName(bucketMs: number): string {
  const minutes = bucketMs / 60_000;
  if (minutes % 1_440 === 0) return `${minutes / 1_440}d`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}
