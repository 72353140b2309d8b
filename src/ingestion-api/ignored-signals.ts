import { isWithin, type TenantScope } from '../events/tenant-scope.ts';
import type { Uncounted } from '../otlp/uncounted.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** How many kinds of all senders are remembered; beyond it the kind that was not seen for longest goes. */
const KINDS_MAX = 1_000;

/** One kind of what came by OTLP, spoke of models and was not counted, as `GET /v1/otlp/ignored` shows it. */
export interface IgnoredKind {
  readonly signal: 'traces' | 'metrics' | 'logs';
  /** The instrumentation. */
  readonly scope: string;
  readonly reason: string;
  /** In the last 24 hours, as far as this process saw it. */
  readonly count: number;
  readonly last_seen: string;
  /** Names without values, so that nothing of what users said is shown. */
  readonly attributes: readonly string[];
}

interface Kind {
  readonly tenants: TenantScope;
  readonly signal: IgnoredKind['signal'];
  readonly scope: string;
  readonly reason: string;
  readonly attributes: readonly string[];
  /** By hour since the epoch. */
  readonly countOfHour: Map<number, number>;
  lastSeenMs: number;
}

/** Remembers for a day what was taken and not counted, so that no dialect is lost without a sign. Bounded. */
export class IgnoredSignals {
  readonly #kinds = new Map<string, Kind>();
  readonly #onNew: (kind: IgnoredKind) => void;

  /** `onNew` is told the first time that a kind comes. */
  constructor(onNew: (kind: IgnoredKind) => void) {
    this.#onNew = onNew;
  }

  /** `tenants` are those of the sender's key: nobody sees what others send. */
  note(tenants: TenantScope, signal: IgnoredKind['signal'], uncounted: Uncounted, nowMs: number): void {
    const { scope, reason, attributes, count } = uncounted;
    const name = [JSON.stringify(tenants), signal, scope, reason].join('\n');
    const known = this.#kinds.get(name);
    const kind = known ?? { tenants, signal, scope, reason, attributes, countOfHour: new Map(), lastSeenMs: nowMs };
    kind.lastSeenMs = nowMs;
    const hour = Math.floor(nowMs / HOUR_MS);
    kind.countOfHour.set(hour, (kind.countOfHour.get(hour) ?? 0) + count);
    forget(kind, hour);
    // The order of the map is that of the last sight.
    this.#kinds.delete(name);
    this.#kinds.set(name, kind);
    if (this.#kinds.size > KINDS_MAX) this.#kinds.delete(this.#kinds.keys().next().value ?? '');
    if (known === undefined) this.#onNew(shown(kind));
  }

  /** What a sender may see, the most frequent first; everything without API keys. */
  list(tenants: TenantScope, nowMs: number): readonly IgnoredKind[] {
    const hour = Math.floor(nowMs / HOUR_MS);
    const seen: IgnoredKind[] = [];
    for (const [name, kind] of this.#kinds) {
      forget(kind, hour);
      if (kind.countOfHour.size === 0) this.#kinds.delete(name);
      else if (isWithin(kind.tenants, tenants)) seen.push(shown(kind));
    }
    return seen.toSorted((a, b) => b.count - a.count);
  }
}

function forget({ countOfHour }: Kind, hour: number): void {
  for (const each of countOfHour.keys()) if (each <= hour - HOURS) countOfHour.delete(each);
}

function shown({ signal, scope, reason, attributes, countOfHour, lastSeenMs }: Kind): IgnoredKind {
  const count = [...countOfHour.values()].reduce((sum, each) => sum + each, 0);
  return { signal, scope, reason, count, attributes, last_seen: new Date(lastSeenMs).toISOString() };
}
