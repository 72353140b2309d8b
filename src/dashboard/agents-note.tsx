import type { Api } from './api.ts';
import type { Audit } from './api-answers.ts';
import { formatExact } from './format-number.ts';
import { usePolled } from './use-polled.ts';

const POLL_MS = 10_000;

/** That agents are traced and their model calls are not, so that nothing of them is counted. */
export function AgentsNote({ spans }: { readonly spans: number }) {
  if (spans === 0) return null;
  return (
    <p class="panel-note" data-tone="warn">
      {formatExact(spans)} {spans === 1 ? 'span' : 'spans'} of agents, chains or tools came in traces without a single
      model call, so nothing of them is counted. Instrument the client of the model too (OpenAI, Anthropic, Bedrock, …);{' '}
      <code>POST /v1/otlp/explain</code> says of an export what each span is.
    </p>
  );
}

/** The same, of all that came so far: what a server without calls has to say. */
export function AgentsNoteOfAll({ api }: { readonly api: Api }) {
  const { value: audit } = usePolled((signal) => api.get<Audit>('/v1/audit', {}, signal), {
    subject: '',
    everyMs: POLL_MS,
    dependencies: [api],
  });
  return <AgentsNote spans={audit === null ? 0 : agentSpansOf(audit)} />;
}

/** The spans of a tenant, and those that name none, as far as the caller may know. */
export function agentSpansOf({ totals, without_tenant: unnamed }: Audit): number {
  return totals.reports.agents_without_calls + (unnamed?.reports.agents_without_calls ?? 0);
}
