import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Api, createApi } from './api.ts';
import type { Dimensions } from './api-answers.ts';
import { CallDialog } from './call-dialog.tsx';
import { GettingStarted } from './getting-started.tsx';
import { KeyForm } from './key-form.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { Logo } from './logo.tsx';
import { TroubleNotice } from './notices.tsx';
import { Numbers } from './numbers.tsx';
import { ingestionPorts } from './page-settings.ts';
import { ThemeToggle } from './theme-toggle.tsx';
import { localZone, timesIn } from './times.ts';
import { TimesContext } from './times-context.ts';
import { Toolbar } from './toolbar.tsx';
import { useApiKey } from './use-api-key.ts';
import { usePolled } from './use-polled.ts';
import { useSnapshot } from './use-snapshot.ts';
import { useTheme } from './use-theme.ts';
import { useView } from './use-view.ts';
import { DEFAULT_VIEW, describeView, formatView, spanOf, zoneOf } from './view.ts';

/** New tenants, routes and models are not in a hurry, except for the very first. */
const DIMENSIONS_MS = 5000;
const FIRST_TENANT_MS = 750;

export function App() {
  const { key, give, forget } = useApiKey();
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
  const isBreakdownSeen = useRef(false);
  const live = useSnapshot(api, view, { isBreakdownSeen: () => isBreakdownSeen.current });
  useEffect(() => {
    document.title = tenant === null ? 'StreamLens' : `${tenant} · StreamLens`;
  }, [tenant]);
  const [isGuideOpen, setGuideOpen] = useState(false);
  const error = tenants.error ?? live.trouble?.error ?? null;
  const dimensions = usePolled<Dimensions | null>(
    async (signal) => (tenant === null ? null : api.get('/v1/dimensions', { tenant_id: tenant }, signal)),
    { subject: tenant ?? '', everyMs: DIMENSIONS_MS, dependencies: [api] },
  );
  const trouble = live.trouble ?? (tenants.error === null ? null : { error: tenants.error, retryAtMs: null });
  // A key that may not even see its own tenants was revoked.
  const isKeyRefused = key !== null && tenants.error?.obstacle === 'refused';
  const isKeyWanted = error?.obstacle === 'unauthorized' || isKeyRefused;
  const times = useMemo(() => timesIn(zoneOf(view)), [view.zone]);
  const { snapshot } = live;
  const isEmptyServer = tenants.value !== null && newest === null && tenant === null;
  const guide = { api, ingestion: ingestionPorts(), isKeyWanted: key !== null, tenant };
  return (
    <TimesContext.Provider value={times}>
      <a class="skip" href="#main">
        Skip to the numbers
      </a>
      <header class="top">
        <a
          class="brand"
          href={tenant === null ? '/' : formatView({ ...DEFAULT_VIEW, tenant })}
          aria-label="StreamLens, start page"
        >
          <Logo />
          <span>StreamLens</span>
        </a>
        {tenant !== null && !isKeyWanted && (
          <Toolbar view={view} tenants={tenants.value?.tenants ?? []} dimensions={dimensions.value} change={change} />
        )}
        <div class="top-end">
          {!isKeyWanted && (
            <LiveIndicator
              {...live}
              isInTrouble={trouble !== null}
              isFollowing={tenant !== null}
              isPast={view.range === 'custom' && spanOf(view, Date.now()).toMs <= Date.now()}
            />
          )}
          <ThemeToggle theme={theme} onTheme={setTheme} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <h1 class="sr-only">{tenant === null ? 'StreamLens' : `Calls of ${tenant}`}</h1>
        {isKeyWanted ? (
          <KeyForm isRefused={key !== null} onKey={give} />
        ) : (
          <>
            {(isEmptyServer || isGuideOpen) && (
              <GettingStarted {...guide} onClose={isEmptyServer ? null : () => setGuideOpen(false)} />
            )}
            {tenant !== null && (
              <Numbers
                {...{ api, live, change, theme: colours, dimensions: dimensions.value }}
                view={{ ...view, tenant }}
                onBreakdownSeen={(isSeen) => {
                  isBreakdownSeen.current = isSeen;
                }}
              />
            )}
          </>
        )}
      </main>
      {trouble !== null && !isKeyWanted && (
        <TroubleNotice
          trouble={trouble}
          onRetry={live.retry}
          shownAtMs={snapshot?.loadedAtMs ?? null}
          shownInstead={snapshot !== null && live.isOfOtherView ? describeView(snapshot.view, times) : null}
          onForgetKey={key === null ? null : forget}
        />
      )}
      {view.call !== null && tenant !== null && !isKeyWanted && (
        <CallDialog key={view.call} {...{ api, tenant, id: view.call }} onClose={() => change({ call: null })} />
      )}
      <footer class="bottom">
        <span>
          Times in {times.zone}{' '}
          {localZone() !== 'UTC' && (
            <button type="button" class="link" onClick={() => change({ zone: view.zone === 'utc' ? 'local' : 'utc' })}>
              {view.zone === 'utc' ? `Show them in ${localZone()}` : 'Show them in UTC'}
            </button>
          )}
        </span>
        {tenant !== null && !isKeyWanted && (
          <button
            type="button"
            class="link"
            onClick={() => {
              setGuideOpen(true);
              scrollTo({ top: 0 });
            }}
          >
            Send calls here
          </button>
        )}
        {key !== null && !isKeyWanted && (
          <button type="button" class="link" onClick={forget}>
            Sign out
          </button>
        )}
        <a href="/docs">API</a>
        <a href="/metrics">Prometheus</a>
      </footer>
    </TimesContext.Provider>
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
