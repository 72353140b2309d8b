import type { Api } from './api.ts';
import type { Dimensions, Unpriced } from './api-answers.ts';
import { AuditPanel } from './audit-panel.tsx';
import { Breakdown } from './breakdown.tsx';
import { Calls } from './calls.tsx';
import { CallsOfOne } from './calls-of-one.tsx';
import { ChangesPanel } from './changes-panel.tsx';
import { Charts } from './charts.tsx';
import { callFilterOf, isDimensionName } from './dimension-names.ts';
import { Headline } from './headline.tsx';
import { InvoicePanel } from './invoice-panel.tsx';
import { NothingHere } from './notices.tsx';
import { lastActivityMs } from './tenant-choice.ts';
import { UnlistedCalls } from './unlisted-calls.tsx';
import { usePolled } from './use-polled.ts';
import type { LiveSnapshot } from './use-snapshot.ts';
import type { ChangeView } from './use-view.ts';
import type { View } from './view.ts';

const UNPRICED_MS = 15_000;

export interface NumbersProps {
  readonly api: Api;
  readonly live: LiveSnapshot;
  readonly view: View;
  readonly change: ChangeView;
  readonly theme: string;
  readonly dimensions: Dimensions | null;
  /** Whether the reader may see also what belongs to no tenant. */
  readonly isEveryTenantSeen: boolean;
  readonly onBreakdownSeen: (isSeen: boolean) => void;
  readonly onGuide: () => void;
}

/** Everything about the calls of one tenant or all; dimmed where it is of another moment or view than the page says. */
export function Numbers({ api, live, view, change, theme, dimensions, ...props }: NumbersProps) {
  const { isEveryTenantSeen, onBreakdownSeen, onGuide } = props;
  const { snapshot, version } = live;
  const { tenant, route, model, only } = view;
  // Each dimension is summed by itself.
  const summedBy = only === null ? (dimensions?.metric_dimensions ?? []).filter(isDimensionName) : [];
  const unpricedCount = snapshot?.total?.unpriced_requests ?? 0;
  const unpriced = usePolled<Unpriced | null>(
    async (signal) => {
      if (snapshot === null || unpricedCount === 0) return null;
      const [from, to] = [snapshot.span.fromMs, snapshot.span.toMs].map((ms) => new Date(ms).toISOString());
      return api.get('/v1/prices/unpriced', { tenant_id: tenant, from, to }, signal);
    },
    { subject: tenant ?? '', everyMs: UNPRICED_MS, dependencies: [api, unpricedCount === 0, snapshot?.span.fromMs] },
  );
  const isEmpty = snapshot !== null && snapshot.total === null && !live.isLoading;
  const lastMs = lastActivityMs(dimensions?.tenants ?? [], tenant);
  const isOld = live.isOfOtherView || (live.trouble !== null && snapshot !== null);
  return (
    <div class={isOld ? 'numbers old' : 'numbers'} aria-busy={live.isLoading}>
      <Headline snapshot={snapshot} unpriced={unpriced.value} />
      {isEmpty && (
        <NothingHere
          {...{ tenant, lastMs, change, onGuide }}
          isFiltered={route !== null || model !== null || only !== null}
        />
      )}
      {snapshot === null ? (
        <Placeholders />
      ) : (
        !isEmpty && (
          <>
            <Charts {...{ snapshot, view, theme, change }} dimensions={summedBy} />
            <ChangesPanel {...{ api, snapshot, change }} />
            <Breakdown
              {...{ snapshot, change }}
              areAllShown={tenant === null}
              rows={view.rows}
              sort={view.sort}
              dimensions={summedBy}
              areNoneKept={dimensions?.metric_dimensions.length === 0}
              onSeen={onBreakdownSeen}
              look={live.look}
            />
            {tenant === null ? (
              <CallsOfOne seen={dimensions?.tenants ?? []} call={view.call} change={change} />
            ) : only !== null && callFilterOf(only) === null ? (
              <UnlistedCalls only={only} />
            ) : (
              <Calls {...{ api, tenant, snapshot, version, view, change }} />
            )}
          </>
        )
      )}
      {snapshot !== null && <AuditPanel {...{ api, snapshot, isEveryTenantSeen }} />}
      {snapshot !== null && <InvoicePanel api={api} tenant={snapshot.tenant} />}
    </div>
  );
}

/** Holds the place of what comes, as large as it, so that nothing jumps. */
function Placeholders() {
  return (
    <div class="chart-grid placeholders" aria-hidden="true">
      {['calls', 'errors', 'latency', 'first token', 'tokens', 'cost'].map((name) => (
        <div key={name} class="panel" />
      ))}
    </div>
  );
}
