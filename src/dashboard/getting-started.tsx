import { useState } from 'preact/hooks';
import { AgentsNoteOfAll } from './agents-note.tsx';
import type { Api } from './api.ts';
import type { IngestionPorts } from './page-settings.ts';
import { importSessions, sendCallByHand, sendSampleTraffic, setUpOpenTelemetry } from './start-commands.ts';

const HTTP_PORT = 8080;

export interface GettingStartedProps {
  readonly api: Api;
  readonly ingestion: IngestionPorts | null;
  /** Who is shown; null before the first call, and where it is all. */
  readonly tenant: string | null;
  readonly isKeyWanted: boolean;
  /** Null where there is nothing else to show. */
  readonly onClose: (() => void) | null;
}

/**
 * How to send calls here: what an empty page shows, which fills by itself, and what can be opened again at any time.
 */
export function GettingStarted({ api, ingestion, tenant, isKeyWanted, onClose }: GettingStartedProps) {
  const host = location.hostname;
  const base = `${location.protocol}//${host}:${ingestion?.http ?? HTTP_PORT}`;
  const isKnown = ingestion?.http != null;
  const [sentAtMs, setSentAtMs] = useState(Date.now());
  const start = { base, tenant: tenant ?? 'acme-corp', isKeyWanted };
  const grpc = ingestion?.grpc;
  return (
    <section class="panel start" aria-labelledby="start-title">
      <div class="start-head">
        <h2 id="start-title">{onClose === null ? 'No calls yet' : 'Send calls here'}</h2>
        {onClose !== null && (
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        )}
      </div>
      <p>
        Send some, in any of these ways; this page shows them within a second.
        {!isKnown && ` The ingestion API runs in another process: replace ${base} by its address.`}
      </p>
      {onClose === null && <AgentsNoteOfAll api={api} />}
      {isKeyWanted && (
        <p>
          This server asks senders for a key too. Put it into the first line of each block;{' '}
          <code>streamlens keys create</code> makes one.
        </p>
      )}
      <ol>
        <li>
          <h3>Import what your coding agent did so far</h3>
          <Command text={importSessions({ ...start, tenant: tenant ?? 'default' }, location.origin)} />
          <p class="soft">
            It reads the sessions on this machine; nothing has to be set up, prompts and answers stay there. Likewise
            codex, gemini, qwen and opencode.
          </p>
        </li>
        <li>
          <h3>See it with sample traffic</h3>
          <Command text={sendSampleTraffic(start)} />
          <p class="soft">In a checkout: npm run -s streamlens -- generate-traffic …</p>
        </li>
        <li>
          <h3>Send one call by hand</h3>
          {/* Another id each time: a call that is sent twice counts once. */}
          <Command text={sendCallByHand(start, sentAtMs)} onCopied={() => setSentAtMs(Date.now())} />
        </li>
        <li>
          <h3>Point an OpenTelemetry SDK here</h3>
          <Command text={setUpOpenTelemetry(start)} />
          {grpc != null && grpc !== 0 && (
            <p class="soft">
              OTLP over gRPC: {host}:{grpc}
            </p>
          )}
        </li>
      </ol>
    </section>
  );
}

const COPIED_MS = 2000;

function Command({ text, onCopied }: { readonly text: string; readonly onCopied?: () => void }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => {
      setCopied(false);
      onCopied?.();
    }, COPIED_MS);
  };
  return (
    <div class="command">
      {/* biome-ignore lint/a11y: what scrolls must be reachable by keys */}
      <pre tabIndex={0}>{text}</pre>
      {/* A page that did not come by TLS or from this machine may not write to the clipboard. */}
      {isSecureContext && (
        <button type="button" onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}
