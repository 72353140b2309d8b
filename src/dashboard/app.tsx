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
import { areAllOffered, choiceOf, tenantShown } from './tenant-choice.ts';
import { ThemeToggle } from './theme-toggle.tsx';
import { localZone, timesIn } from './times.ts';
import { TimesContext } from './times-context.ts';
import { Toolbar } from './toolbar.tsx';
import { usePolled } from './use-polled.ts';
import { useSession } from './use-session.ts';
import { useSnapshot } from './use-snapshot.ts';
import { useTheme } from './use-theme.ts';
import { useView } from './use-view.ts';
import { DEFAULT_VIEW, describeView, formatView, spanOf, zoneOf } from './view.ts';

/** New tenants, routes and models are not in a hurry, except for the very first. */
const DIMENSIONS_MS = 5000;
const FIRST_TENANT_MS = 750;

export function App() {
  const { session, generation, problem, signIn, signOut } = useSession();
  const api = useMemo(createApi, [generation]);
  const [view, change] = useView();
  const { theme, colours, setTheme } = useTheme();
  const tenants = useTenants(api, generation);
  const seen = tenants.value?.tenants ?? null;
  const { tenant } = view;
  const shown = tenantShown(tenant, seen);
  // Written into the address: another one that comes later must not take the page over, and a link to this page has to
  // mean the same page.
  useEffect(() => {
    if (tenant === null && typeof shown === 'string') change({ tenant: shown }, { isSilent: true });
  }, [tenant, shown]);
  const isChosen = shown === tenant;
  const isBreakdownSeen = useRef(false);
  const live = useSnapshot(api, view, { isWanted: isChosen, isBreakdownSeen: () => isBreakdownSeen.current });
  useEffect(() => {
    document.title = isChosen ? `${tenant ?? 'All tenants'} · StreamLens` : 'StreamLens';
  }, [tenant, isChosen]);
  const [isGuideOpen, setGuideOpen] = useState(false);
  const error = tenants.error ?? live.trouble?.error ?? null;
  const ofTenant = usePolled<Dimensions | null>(
    async (signal) => (tenant === null ? null : api.get('/v1/dimensions', { tenant_id: tenant }, signal)),
    { subject: JSON.stringify([generation, tenant]), everyMs: DIMENSIONS_MS, dependencies: [api] },
  );
  const dimensions = tenant === null ? tenants.value : ofTenant.value;
  const trouble = live.trouble ?? (tenants.error === null ? null : { error: tenants.error, retryAtMs: null });
  const isKeyWanted = error?.obstacle === 'unauthorized';
  const signedIn = session?.signed_in ?? null;
  const keyProblem = problem ?? (signedIn === null ? null : 'The session is over, or the key may have been revoked');
  const times = useMemo(() => timesIn(zoneOf(view)), [view.zone]);
  const { snapshot } = live;
  const isEmptyServer = seen !== null && shown === undefined;
  const openGuide = (): void => {
    setGuideOpen(true);
    scrollTo({ top: 0 });
  };
  const guide = { api, ingestion: ingestionPorts(), isKeyWanted: session?.is_key_required === true, tenant };
  return (
    <TimesContext.Provider value={times}>
      <a class="skip" href="#main">
        Skip to the numbers
      </a>
      <header class="top">
        <a class="brand" href={`/${formatView({ ...DEFAULT_VIEW, tenant })}`} aria-label="StreamLens, start page">
          <Logo />
          <span>StreamLens</span>
        </a>
        {isChosen && !isKeyWanted && <Toolbar {...{ view, dimensions, change }} tenants={seen ?? []} />}
        <div class="top-end">
          {!isKeyWanted && (
            <LiveIndicator
              {...live}
              obstacle={trouble?.error.obstacle ?? null}
              isFollowing={isChosen}
              isPast={view.range === 'custom' && spanOf(view, Date.now()).toMs <= Date.now()}
            />
          )}
          <ThemeToggle theme={theme} onTheme={setTheme} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <h1 class="sr-only">{isChosen ? `Calls of ${tenant ?? 'all tenants'}` : 'StreamLens'}</h1>
        {isKeyWanted ? (
          <KeyForm problem={keyProblem} signInWith={session?.sign_in_with ?? null} onKey={signIn} />
        ) : (
          <>
            {(isEmptyServer || isGuideOpen) && (
              <GettingStarted {...guide} onClose={isEmptyServer ? null : () => setGuideOpen(false)} />
            )}
            {isChosen && (
              <Numbers
                {...{ api, live, view, change, theme: colours, dimensions }}
                isEveryTenantSeen={signedIn === null || signedIn.tenant_ids === null}
                onGuide={openGuide}
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
          onForgetKey={signedIn === null ? null : () => void signOut()}
          onShowSeen={
            seen !== null && seen.length > 0 && areAllOffered(tenant, seen) ? () => change(choiceOf(null)) : null
          }
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
        {isChosen && !isKeyWanted && (
          <button type="button" class="link" onClick={openGuide}>
            Send calls here
          </button>
        )}
        {signedIn !== null && !isKeyWanted && (
          <span>
            Signed in as {signedIn.subject}{' '}
            <button type="button" class="link" onClick={() => void signOut()}>
              Sign out
            </button>
          </span>
        )}
        <a href="/docs">API</a>
        <a href="/metrics">Prometheus</a>
      </footer>
    </TimesContext.Provider>
  );
}

function useTenants(api: Api, generation: number) {
  const [isEmpty, setEmpty] = useState(false);
  const ask = async (signal: AbortSignal): Promise<Dimensions> => {
    const dimensions = await api.get<Dimensions>('/v1/dimensions', {}, signal);
    setEmpty(dimensions.tenants.length === 0);
    return dimensions;
  };
  const everyMs = isEmpty ? FIRST_TENANT_MS : DIMENSIONS_MS;
  return usePolled(ask, { subject: `tenants ${generation}`, everyMs, dependencies: [api] });
}
