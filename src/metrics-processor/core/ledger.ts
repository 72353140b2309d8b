import { type InputTopic, TOPICS } from '../../events/topics.ts';
import { type AuditCounts, type AuditDelta, emptyAuditCounts } from '../../metrics-store/audit.ts';
import { HOUR_MS, windowStartMs } from '../../tally/window.ts';

/** What can become of a record. `waiting` is the only one that another follows. */
export type Fate = 'counted' | 'waiting' | 'duplicate' | 'dead';

/** Of a record whose tenant is not known: a response, until it meets its request. */
export const TENANT_UNKNOWN = '';

/** Books every record taken from the log under its fate, so that nothing can vanish unseen. */
export class Ledger {
  /** By tenant, then by hour: two look-ups by what is at hand take a third of the time of one by a text made for it. */
  readonly #rows = new Map<string, Map<number, AuditCounts>>();

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
    return Array.from(this.#rows, ([tenantId, hours]) =>
      Array.from(hours, ([hourStartMs, counts]) => ({ tenantId, hourStartMs, counts })),
    ).flat();
  }

  #counts({ tenantId, loggedAtMs }: LedgerEntry): AuditCounts {
    const hourStartMs = windowStartMs(loggedAtMs, HOUR_MS);
    let hours = this.#rows.get(tenantId);
    if (hours === undefined) this.#rows.set(tenantId, (hours = new Map()));
    let counts = hours.get(hourStartMs);
    if (counts === undefined) hours.set(hourStartMs, (counts = emptyAuditCounts()));
    return counts;
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
