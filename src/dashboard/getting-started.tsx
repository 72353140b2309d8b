import { useState } from 'preact/hooks';
import type { IngestionPorts } from './page-settings.ts';

const HTTP_PORT = 8080;

/** What to do when there is nothing to show yet: the page fills by itself as soon as something arrives. */
export function GettingStarted({ ingestion }: { readonly ingestion: IngestionPorts | null }) {
  const host = location.hostname;
  const base = `${location.protocol}//${host}:${ingestion?.http ?? HTTP_PORT}`;
  const isKnown = ingestion?.http != null;
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const request = {
    request_id: 'hello-1',
    tenant_id: 'acme-corp',
    route: 'chat',
    model: 'gpt-4.1-mini',
    timestamp: now,
    prompt_tokens: 312,
  };
  const response = {
    request_id: 'hello-1',
    timestamp: now,
    latency_ms: 732,
    completion_tokens: 98,
    finish_reason: 'stop',
  };
  const grpc = ingestion?.grpc;
  return (
    <section class="panel start" aria-labelledby="start-title">
      <h2 id="start-title">No calls yet</h2>
      <p>
        Send some, in any of these ways; this page shows them within a second.
        {!isKnown && ` The ingestion API runs in another process: replace ${base} by its address.`}
      </p>
      <ol>
        <li>
          <h3>See it with sample traffic</h3>
          <Command text={`streamlens generate-traffic --requests 500 --base-url ${base}`} />
          <p class="soft">In a checkout: npm run -s streamlens -- generate-traffic …</p>
        </li>
        <li>
          <h3>Send one call by hand</h3>
          <Command text={`${curl(`${base}/v1/llm/request`, request)}\n${curl(`${base}/v1/llm/response`, response)}`} />
        </li>
        <li>
          <h3>Point an OpenTelemetry SDK here</h3>
          <Command
            text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${base}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`}
          />
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

function curl(url: string, body: object): string {
  return `curl -X POST ${url} -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
}

function Command({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
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
