import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { CallsAnswer, MetricsRow, SummaryAnswer } from './api-answers.ts';
import { CallTable } from './call-table.tsx';
import { callFilterOf } from './dimension-names.ts';
import { formatCount } from './format-number.ts';
import { Segments } from './segments.tsx';
import type { Snapshot } from './snapshot.ts';
import { usePolled } from './use-polled.ts';
import { useSeen } from './use-seen.ts';
import type { ChangeView } from './use-view.ts';
import type { View } from './view.ts';

export interface CallsProps {
  readonly api: Api;
  readonly tenant: string;
  readonly snapshot: Snapshot;
  readonly version: number;
  readonly view: View;
  readonly change: ChangeView;
}

const FILTERS = [
  { value: 'all', label: 'All' },
  { value: 'error', label: 'Errors' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'unanswered', label: 'Unanswered' },
] as const;
const ORDERS = [
  { value: 'newest', label: 'Newest' },
  { value: 'slowest', label: 'Slowest' },
] as const;

const PAGE_CALLS = 20;
const CALLS_MAX = 500;
const POLL_MS = 15_000;
const KEPT_MS = 15_000;
const KEPT_SHARE_WHOLE = 0.97;

/** Single calls of the range, newest or slowest first. */
export function Calls({ api, tenant, snapshot, version, view, change }: CallsProps) {
  const [limit, setLimit] = useState(PAGE_CALLS);
  const [section, isSeen] = useSeen<HTMLElement>();
  const { span } = snapshot;
  const question = {
    tenant_id: tenant,
    route: view.route,
    model: view.model,
    ...(view.only === null ? {} : callFilterOf(view.only)),
    status: view.calls === 'all' ? null : view.calls,
    order: view.order,
    from: new Date(span.fromMs).toISOString(),
    to: new Date(span.toMs).toISOString(),
    limit,
  };
  // A list that nobody sees is not asked for again; nor need it be for what was chosen elsewhere on the page.
  const seenVersion = useRef(version);
  if (isSeen) seenVersion.current = version;
  const subject = JSON.stringify([
    tenant,
    view.route,
    view.model,
    view.only,
    view.calls,
    view.order,
    view.fromMs,
    view.toMs,
    view.range,
  ]);
  const { from, to } = question;
  const kept = useKept(api, { tenant, from, to, route: view.route, model: view.model, isOfSome: view.only !== null });
  const { value: newest, error } = usePolled((signal) => api.get<CallsAnswer>('/v1/calls', question, signal), {
    subject,
    everyMs: POLL_MS,
    dependencies: [api, seenVersion.current, limit],
  });
  const { shown, heldBack, hold, release } = useStillList(newest, `${subject} ${limit}`);
  const calls = shown?.calls ?? [];
  return (
    <section ref={section} class="panel" aria-labelledby="calls-title">
      <header class="section-head">
        <h2 id="calls-title">Calls</h2>
        {heldBack > 0 && (
          <button type="button" class="pill" onClick={release}>
            {heldBack}
            {heldBack === limit ? '+' : ''} new <span aria-hidden="true">↑</span>
          </button>
        )}
        <Segments
          legend="Status"
          name="calls"
          options={FILTERS}
          value={view.calls}
          onChange={(status) => change({ calls: status })}
        />
        <Segments
          legend="Order"
          name="order"
          options={ORDERS}
          value={view.order}
          onChange={(order) => change({ order })}
        />
      </header>
      <KeptNote found={kept} snapshot={snapshot} order={view.order} />
      {/* biome-ignore lint/a11y: hovering and focusing only hold the list still */}
      <div
        class="calls-body"
        aria-busy={shown === null}
        onPointerEnter={() => hold('pointer', true)}
        onPointerLeave={() => hold('pointer', false)}
        onFocusCapture={() => hold('focus', true)}
        onBlurCapture={() => hold('focus', false)}
      >
        {calls.length > 0 ? (
          <CallTable
            calls={calls}
            onOpen={(call) => change({ call })}
            onScroll={(isScrolled) => hold('scroll', isScrolled)}
          />
        ) : (
          <p class="quiet">{emptyText(shown, error?.message ?? null, view)}</p>
        )}
      </div>
      {shown !== null && shown.next_cursor !== null && (
        <footer class="panel-foot">
          {limit < CALLS_MAX ? (
            <button type="button" onClick={() => setLimit(Math.min(CALLS_MAX, limit * 2))}>
              Show more
            </button>
          ) : (
            <span class="hint">
              These are {CALLS_MAX}; there are more. A shorter range or a filter shows the others, and so does
              /v1/calls.
            </span>
          )}
        </footer>
      )}
    </section>
  );
}

function emptyText(answer: CallsAnswer | null, problem: string | null, { calls, order }: View): string {
  if (problem !== null) return problem;
  if (answer === null) return 'Loading…';
  const isOpen = calls === 'waiting' || calls === 'unanswered';
  return isOpen && order === 'slowest'
    ? 'Calls without an answer have no latency; “Newest” shows them.'
    : 'No such call in this range.';
}

interface KeptQuestion {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
  readonly route: string | null;
  readonly model: string | null;
  /** Whether the page shows only some of these calls: then how many they are is not on it. */
  readonly isOfSome: boolean;
}

interface Kept {
  readonly kept: NonNullable<CallsAnswer['kept']>;
  /** All calls of the same route and model; null: as on the page. */
  readonly all: MetricsRow | null;
}

/** How many calls of the range are kept one by one. */
function useKept(api: Api, { tenant, from, to, route, model, isOfSome }: KeptQuestion): Kept | null {
  const asked = { tenant_id: tenant, route, model, from, to };
  const { value } = usePolled(
    async (signal): Promise<Kept | null> => {
      const { kept } = await api.get<CallsAnswer>('/v1/calls', { ...asked, limit: 1, count: 'true' }, signal);
      if (kept === undefined || !isOfSome) return kept === undefined ? null : { kept, all: null };
      const { summary } = await api.get<SummaryAnswer>('/v1/metrics/summary', asked, signal);
      return { kept, all: summary[0] ?? null };
    },
    { subject: JSON.stringify([tenant, route, model, from, isOfSome]), everyMs: KEPT_MS, dependencies: [api] },
  );
  return value;
}

interface KeptNoteProps {
  readonly found: Kept | null;
  readonly snapshot: Snapshot;
  readonly order: View['order'];
}

/** Says whether the list is all of the calls, as the metrics above are. */
function KeptNote({ found, snapshot, order }: KeptNoteProps) {
  const total = found?.all ?? snapshot.total;
  if (found === null || total === null) return null;
  const { kept } = found;
  const others = total.requests - total.errors;
  const keptOthers = kept.calls - kept.errors;
  // Calls come between the two counts.
  if (keptOthers >= others * KEPT_SHARE_WHOLE) return null;
  const share = keptOthers === 0 ? 'none' : `1 of ${formatRatio(others / keptOthers)}`;
  return (
    <p class="panel-note" data-tone="warn">
      <b>A sample.</b> {formatCount(kept.calls)} of the {formatCount(total.requests)} calls in this range are kept one
      by one:{' '}
      {kept.errors < total.errors
        ? `${formatCount(kept.errors)} of ${formatCount(total.errors)} errors`
        : 'every error'}
      , {share} others.{order === 'slowest' && ' The slowest of all may not be among them.'} The numbers above count
      all.
    </p>
  );
}

function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(1).replace(/\.0$/, '') : formatCount(Math.round(ratio));
}

type Reason = 'pointer' | 'focus' | 'scroll';

interface StillList {
  readonly shown: CallsAnswer | null;
  /** How many calls came at the top while the list was held. */
  readonly heldBack: number;
  readonly hold: (reason: Reason, isHeld: boolean) => void;
  readonly release: () => void;
}

/**
 * A list that does not move while somebody is about to pick from it: under a pointer, with the focus in it, or
 * scrolled.
 */
function useStillList(newest: CallsAnswer | null, subject: string): StillList {
  const [reasons, setReasons] = useState<ReadonlySet<Reason>>(new Set());
  const [held, setHeld] = useState<{ readonly subject: string; readonly answer: CallsAnswer } | null>(null);
  const isHeld = reasons.size > 0;
  useEffect(() => {
    if (newest !== null && (!isHeld || held?.subject !== subject || held.answer.calls.length === 0))
      setHeld({ subject, answer: newest });
  }, [newest, isHeld, subject]);
  const shown = isHeld && held?.subject === subject ? held.answer : newest;
  const known = new Set(shown?.calls.map((call) => call.request_id));
  return {
    shown,
    heldBack: shown === newest ? 0 : (newest?.calls.filter((call) => !known.has(call.request_id)).length ?? 0),
    hold: (reason, isOn) => {
      if (reasons.has(reason) === isOn) return;
      const next = new Set(reasons);
      if (isOn) next.add(reason);
      else next.delete(reason);
      setReasons(next);
    },
    release: () => {
      if (newest !== null) setHeld({ subject, answer: newest });
    },
  };
}
