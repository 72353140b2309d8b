import { AgentsNote, agentSpansOf } from './agents-note.tsx';
import { type Api, ApiError } from './api.ts';
import type { Audit, AuditCounts } from './api-answers.ts';
import { CoverageNote } from './coverage-note.tsx';
import { formatExact } from './format-number.ts';
import { ScrollRegion } from './scroll-region.tsx';
import type { Snapshot } from './snapshot.ts';
import { useTimes } from './times-context.ts';
import { usePolled } from './use-polled.ts';

const POLL_MS = 10_000;
const HOUR_MS = 3_600_000;
const KINDS = ['requests', 'responses', 'evaluations'] as const;
const TITLES = { requests: 'Requests', responses: 'Responses', evaluations: 'Evaluations' } as const;

export interface AuditPanelProps {
  readonly api: Api;
  readonly snapshot: Snapshot;
  readonly isEveryTenantSeen: boolean;
}

interface Audits {
  readonly own: Audit;
  /** Counts of responses that met no request, so that their tenant is unknown; null where the key may not see them. */
  readonly unassigned: AuditCounts | null;
}

/** Whether what was accepted is all accounted for. */
export function AuditPanel({ api, snapshot, isEveryTenantSeen }: AuditPanelProps) {
  const { tenant, span } = snapshot;
  const [fromMs, toMs] = [Math.floor(span.fromMs / HOUR_MS) * HOUR_MS, Math.ceil(span.toMs / HOUR_MS) * HOUR_MS];
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const { value: audits } = usePolled((signal) => loadAudits(api, { tenant, range, isEveryTenantSeen }, signal), {
    subject: JSON.stringify([tenant, range]),
    everyMs: POLL_MS,
    dependencies: [api, isEveryTenantSeen],
  });
  const times = useTimes();
  return (
    <section class="panel" aria-labelledby="audit-title">
      <header class="section-head">
        <h2 id="audit-title">Audit</h2>
        {audits !== null && <Verdict audit={audits.own} />}
        <span class="hint">
          Events that arrived {times.range(fromMs, toMs, HOUR_MS)}, whenever their calls were: accepted = counted + not
          matched yet + duplicates + dead letters
        </span>
      </header>
      <ScrollRegion label="Counts of the audit">
        <table class="audit">
          <thead>
            <tr>
              <th scope="col">Events</th>
              {['Accepted', 'Counted', 'Not matched yet', 'Duplicates', 'Dead letters'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {KINDS.map((kind) => (
              <AuditRow key={kind} title={TITLES[kind]} counts={audits?.own.totals[kind]} />
            ))}
            {audits?.unassigned != null && audits.unassigned.accepted > 0 && (
              <AuditRow
                title={`${tenant === null ? 'Of these, responses' : 'Responses'} of no known tenant`}
                counts={audits.unassigned}
              />
            )}
          </tbody>
        </table>
      </ScrollRegion>
      {audits !== null && <AgentsNote spans={agentSpansOf(audits.own)} />}
      {audits?.unassigned != null && audits.unassigned.dead_letters > 0 && (
        <p class="panel-note" data-tone="warn">
          {formatExact(audits.unassigned.dead_letters)} responses met no request, so they are counted for no tenant.{' '}
          <code>streamlens dead-letters list</code> shows them and why.
        </p>
      )}
      <CoverageNote {...{ api, tenant, range }} />
    </section>
  );
}

/** Where nothing arrived there is nothing to be balanced. */
function Verdict({ audit }: { readonly audit: Audit }) {
  const arrived = KINDS.reduce((sum, kind) => sum + audit.totals[kind].accepted, 0);
  if (arrived === 0) return <span class="badge">Nothing arrived</span>;
  return (
    <span class="badge" data-status={audit.balanced ? 'completed' : 'error'}>
      {audit.balanced ? 'Balanced' : 'Not balanced'}
    </span>
  );
}

function AuditRow({ title, counts }: { readonly title: string; readonly counts: AuditCounts | undefined }) {
  const { accepted, counted, waiting, duplicates, dead_letters: dead } = counts ?? {};
  return (
    <tr>
      <th scope="row">{title}</th>
      {Object.entries({ accepted, counted, waiting, duplicates, dead }).map(([name, count]) => (
        <td key={name} class="number">
          {count === undefined ? '–' : formatExact(count)}
        </td>
      ))}
    </tr>
  );
}

interface AuditQuestion {
  readonly tenant: string | null;
  readonly range: { readonly from: string; readonly to: string };
  readonly isEveryTenantSeen: boolean;
}

/** The audit of who is shown, and of those of responses that name none, where the reader may see these. */
async function loadAudits(api: Api, question: AuditQuestion, signal: AbortSignal): Promise<Audits> {
  const { tenant, range, isEveryTenantSeen } = question;
  const [own, unassigned] = await Promise.all([
    api.get<Audit>('/v1/audit', { tenant_id: tenant, ...range }, signal),
    isEveryTenantSeen ? loadUnassigned(api, range, signal) : null,
  ]);
  return { own, unassigned: unassigned?.totals.responses ?? null };
}

async function loadUnassigned(api: Api, range: AuditQuestion['range'], signal: AbortSignal): Promise<Audit | null> {
  try {
    return await api.get<Audit>('/v1/audit', { unassigned: 'true', ...range }, signal);
  } catch (error) {
    // A key that a proxy shows, of which no session tells, may be of some tenants only.
    if (error instanceof ApiError && error.obstacle === 'refused') return null;
    throw error;
  }
}
