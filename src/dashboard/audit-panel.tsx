import type { Api } from './api.ts';
import type { Audit } from './api-answers.ts';
import { formatExact } from './format-number.ts';
import type { Snapshot } from './snapshot.ts';
import { usePolled } from './use-polled.ts';

const POLL_MS = 5000;
const HOUR_MS = 3_600_000;
const KINDS = ['requests', 'responses', 'evaluations'] as const;
const TITLES = { requests: 'Requests', responses: 'Responses', evaluations: 'Evaluations' } as const;

export interface AuditPanelProps {
  readonly api: Api;
  readonly snapshot: Snapshot;
}

/** Whether what was accepted is all accounted for. */
export function AuditPanel({ api, snapshot }: AuditPanelProps) {
  const { tenant, span } = snapshot;
  const from = new Date(Math.floor(span.fromMs / HOUR_MS) * HOUR_MS).toISOString();
  const { value: audit } = usePolled((signal) => api.get<Audit>('/v1/audit', { tenant_id: tenant, from }, signal), {
    subject: `${tenant} ${from}`,
    everyMs: POLL_MS,
    dependencies: [api],
  });
  return (
    <section class="panel" aria-labelledby="audit-title">
      <header class="section-head">
        <h2 id="audit-title">Audit</h2>
        {audit !== null && (
          <span class="badge" data-status={audit.balanced ? 'completed' : 'error'}>
            {audit.balanced ? 'Balanced' : 'Not balanced'}
          </span>
        )}
        <span class="hint">accepted = counted + waiting + duplicates + dead letters</span>
      </header>
      {/* biome-ignore lint/a11y: what scrolls must be reachable by keys */}
      <div class="scroll" role="region" aria-label="Audit" tabIndex={0}>
        <table class="audit">
          <thead>
            <tr>
              <th scope="col">Events since {new Date(from).toLocaleTimeString('en-GB', { timeStyle: 'short' })}</th>
              {['Accepted', 'Counted', 'Waiting', 'Duplicates', 'Dead letters'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {KINDS.map((kind) => {
              const counts = audit?.totals[kind];
              const { accepted, counted, waiting, duplicates, dead_letters: dead } = counts ?? {};
              return (
                <tr key={kind}>
                  <th scope="row">{TITLES[kind]}</th>
                  {Object.entries({ accepted, counted, waiting, duplicates, dead }).map(([name, count]) => (
                    <td key={name} class="number">
                      {count === undefined ? '–' : formatExact(count)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
