import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Api, createApi } from './api.ts';
import type { Dimensions, Unpriced } from './api-answers.ts';
import { AuditPanel } from './audit-panel.tsx';
import { Breakdown } from './breakdown.tsx';
import { CallDialog } from './call-dialog.tsx';
import { Calls } from './calls.tsx';
import { Charts } from './charts.tsx';
import { GettingStarted } from './getting-started.tsx';
import { Headline } from './headline.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { KeyForm, NothingHere, TroubleNotice } from './notices.tsx';
import { ingestionPorts } from './page-settings.ts';
import { ThemeToggle } from './theme-toggle.tsx';
import { Toolbar } from './toolbar.tsx';
import { useApiKey } from './use-api-key.ts';
import { usePolled } from './use-polled.ts';
import { type LiveSnapshot, useSnapshot } from './use-snapshot.ts';
import { useTheme } from './use-theme.ts';
import { type ChangeView, useView } from './use-view.ts';
import { DEFAULT_VIEW, formatView, type View } from './view.ts';

/** New tenants, routes and models are not in a hurry, except for the very first. */
const DIMENSIONS_MS = 5000;
const FIRST_TENANT_MS = 750;
const UNPRICED_MS = 5000;

export function App() {
  const [key, setKey] = useApiKey();
  const api = useMemo(() => createApi(key), [key]);
  const [view, change] = useView();
  const { theme, colours, setTheme } = useTheme();
  const tenants = useTenants(api);
  const { tenant } = view;
  const newest = tenants.value?.tenants[0]?.value ?? null;
  // Chosen once and written into the address: another one that becomes the newest must not take the page over, and a
  // link to this page has to mean the same page.
  useEffect(() => {
    if (tenant === null && newest !== null) change({ tenant: newest }, { isSilent: true });
  }, [tenant, newest]);
  const live = useSnapshot(api, view);
  useEffect(() => {
    document.title = tenant === null ? 'StreamLens' : `${tenant} · StreamLens`;
  }, [tenant]);
  const error = tenants.error ?? live.trouble?.error ?? null;
  const dimensions = usePolled<Dimensions | null>(
    async (signal) => (tenant === null ? null : api.get('/v1/dimensions', { tenant_id: tenant }, signal)),
    { subject: tenant ?? '', everyMs: DIMENSIONS_MS, dependencies: [api] },
  );
  const trouble = live.trouble ?? (tenants.error === null ? null : { error: tenants.error, retryAtMs: null });
  const isKeyWanted = error?.obstacle === 'unauthorized';
  return (
    <>
      <a class="skip" href="#main">
        Skip to the numbers
      </a>
      <header class="top">
        <div class="top-row">
          <a
            class="brand"
            href={tenant === null ? '/' : formatView({ ...DEFAULT_VIEW, tenant })}
            aria-label="StreamLens, start page"
          >
            <Logo />
            <span>StreamLens</span>
          </a>
          <LiveIndicator {...live} isInTrouble={trouble !== null} isFollowing={tenant !== null} />
          <ThemeToggle theme={theme} onTheme={setTheme} />
        </div>
        {tenant !== null && !isKeyWanted && (
          <Toolbar view={view} tenants={tenants.value?.tenants ?? []} dimensions={dimensions.value} change={change} />
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {isKeyWanted ? (
          <KeyForm isRefused={key !== null} onKey={setKey} />
        ) : (
          <>
            {trouble !== null && <TroubleNotice trouble={trouble} onRetry={live.retry} />}
            {tenant === null ? (
              tenants.value !== null && newest === null && <GettingStarted ingestion={ingestionPorts()} />
            ) : (
              <Numbers
                {...{ api, live, change, theme: colours, dimensions: dimensions.value }}
                view={{ ...view, tenant }}
              />
            )}
          </>
        )}
      </main>
      {view.call !== null && tenant !== null && !isKeyWanted && (
        <CallDialog key={view.call} {...{ api, tenant, id: view.call }} onClose={() => change({ call: null })} />
      )}
      <footer class="bottom">
        Times in {Intl.DateTimeFormat().resolvedOptions().timeZone} · <a href="/docs">API</a> ·{' '}
        <a href="/metrics">Prometheus</a>
      </footer>
    </>
  );
}

interface NumbersProps {
  readonly api: Api;
  readonly live: LiveSnapshot;
  readonly view: View & { readonly tenant: string };
  readonly change: ChangeView;
  readonly theme: string;
  readonly dimensions: Dimensions | null;
}

function Numbers({ api, live, view, change, theme, dimensions }: NumbersProps) {
  const { snapshot, version } = live;
  const { tenant, route, model } = view;
  const unpricedCount = snapshot?.total?.unpriced_requests ?? 0;
  const unpriced = usePolled<Unpriced | null>(
    async (signal) => {
      if (snapshot === null || unpricedCount === 0) return null;
      const [from, to] = [snapshot.span.fromMs, snapshot.span.toMs].map((ms) => new Date(ms).toISOString());
      return api.get('/v1/prices/unpriced', { tenant_id: tenant, from, to }, signal);
    },
    { subject: tenant, everyMs: UNPRICED_MS, dependencies: [api, unpricedCount === 0, snapshot?.span.fromMs] },
  );
  const isEmpty = snapshot !== null && snapshot.total === null && !live.isLoading;
  const activity = dimensions?.tenants.find(({ value }) => value === tenant);
  return (
    <div class="numbers" aria-busy={live.isLoading}>
      <Headline snapshot={snapshot} unpriced={unpriced.value} />
      {isEmpty && <NothingHere {...{ tenant, activity, change }} isFiltered={route !== null || model !== null} />}
      {snapshot === null ? (
        <Placeholders />
      ) : (
        !isEmpty && (
          <>
            <Charts {...{ snapshot, view, theme, change }} />
            <Breakdown rows={snapshot.breakdown} pairCount={snapshot.pairCount} sort={view.sort} change={change} />
            <Calls {...{ api, snapshot, version, view, change }} />
          </>
        )
      )}
      {snapshot !== null && <AuditPanel api={api} snapshot={snapshot} />}
    </div>
  );
}

/** As large as what comes, so that nothing jumps. */
function Placeholders() {
  return (
    <div class="chart-grid placeholders" aria-hidden="true">
      {['calls', 'latency', 'tokens', 'cost'].map((name) => (
        <div key={name} class="panel" />
      ))}
    </div>
  );
}

function useTenants(api: Api) {
  const [isEmpty, setEmpty] = useState(false);
  const ask = async (signal: AbortSignal): Promise<Dimensions> => {
    const dimensions = await api.get<Dimensions>('/v1/dimensions', {}, signal);
    setEmpty(dimensions.tenants.length === 0);
    return dimensions;
  };
  const everyMs = isEmpty ? FIRST_TENANT_MS : DIMENSIONS_MS;
  return usePolled(ask, { subject: 'tenants', everyMs, dependencies: [api] });
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M7 20.5 12 14l4.5 4.5L25 9.5"
        fill="none"
        stroke="#fff"
        stroke-width="3"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <circle cx="25" cy="9.5" r="2.6" fill="#fff" />
    </svg>
  );
}
