import { type InputTopic, TOPICS } from '../../events/topics.ts';
import { type AuditCounts, type AuditDelta, emptyAuditCounts } from '../../metrics-store/audit.ts';
import { HOUR_MS, windowStartMs } from '../../tally/window.ts';

/** What can become of a record. `waiting` is the only one that another follows. */
export type Fate = 'counted' | 'waiting' | 'duplicate' | 'dead';

/** Of a record whose tenant is not known: a response, until it meets its request. */
export const TENANT_UNKNOWN = '';

/** Books every record taken from the log under its fate, so that nothing can vanish unseen. */
export class Ledger {
  readonly #rows = new Map<string, { tenantId: string; hourStartMs: number; counts: AuditCounts }>();

  /** A record was taken and met its fate. */
  accept(entry: LedgerEntry, fate: Fate): void {
    const counts = this.#counts(entry);
    counts[COLUMNS[entry.topic].accepted]++;
    counts[COLUMNS[entry.topic][fate]]++;
  }

  /** A record that waited meets its fate, and maybe its tenant. */
  settle(entry: LedgerEntry, fate: Fate): void {
    const before = this.#counts({ ...entry, tenantId: TENANT_UNKNOWN });
    const columns = COLUMNS[entry.topic];
    before[columns.accepted]--;
    before[columns.waiting]--;
    this.accept(entry, fate);
  }

  deltas(): AuditDelta[] {
    return [...this.#rows.values()];
  }

  #counts({ tenantId, loggedAtMs }: LedgerEntry): AuditCounts {
    const hourStartMs = windowStartMs(loggedAtMs, HOUR_MS);
    const key = `${hourStartMs}\0${tenantId}`;
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = { tenantId, hourStartMs, counts: emptyAuditCounts() }));
    return row.counts;
  }
}

export interface LedgerEntry {
  readonly topic: InputTopic;
  readonly tenantId: string;
  readonly loggedAtMs: number;
}

type Columns = Readonly<Record<Fate | 'accepted', keyof AuditCounts>>;

const COLUMNS: Readonly<Record<InputTopic, Columns>> = {
  [TOPICS.requests]: {
    accepted: 'acceptedRequests',
    counted: 'countedRequests',
    // A request counts when it is seen; it is its call that waits, not its place in the books.
    waiting: 'countedRequests',
    duplicate: 'duplicateRequests',
    dead: 'deadRequests',
  },
  [TOPICS.responses]: {
    accepted: 'acceptedResponses',
    counted: 'countedResponses',
    waiting: 'waitingResponses',
    duplicate: 'duplicateResponses',
    dead: 'deadResponses',
  },
  [TOPICS.evaluations]: {
    accepted: 'acceptedEvaluations',
    counted: 'countedEvaluations',
    waiting: 'waitingEvaluations',
    duplicate: 'duplicateEvaluations',
    dead: 'deadEvaluations',
  },
};
