import type { EvaluationDelta } from '../evaluation.ts';
import { EVALUATION_LABELS_PER_NAME_MAX, EVALUATION_NAMES_PER_TENANT_MAX } from '../series-limits.ts';
import { storableText } from '../storable-text.ts';
import type { PostgresConnection } from './postgres-connection.ts';

/** Entries kept in memory; beyond it they are forgotten and asked for again. */
const CACHED_MAX = 100_000;

/** Entries asked for at a time. */
const WANTED_MAX = 5_000;

interface Wanted {
  readonly key: string;
  readonly tenant_key: number;
  readonly name: string;
  readonly label: string | null;
}

/** The names and labels of one commit as they are kept: their own, or `__overflow__`. */
export class JudgedNames {
  readonly #kept = new Map<string, string>();

  set(key: string, kept: string): void {
    this.#kept.set(key, kept);
  }

  of(tenantKey: number, name: string): { readonly name: string; labelOf(label: string): string } {
    return {
      name: this.#known(keyOf(tenantKey, name)),
      labelOf: (label) => this.#known(keyOf(tenantKey, name, label)),
    };
  }

  #known(key: string): string {
    const kept = this.#kept.get(key);
    if (kept === undefined) throw new Error('Broken invariant: a commit is resolved before it is written');
    return kept;
  }
}

/** Which evaluation names and labels exist. Entries are never changed; see `PostgresDictionary` for when they go. */
export class PostgresEvaluationNames {
  readonly #connection: PostgresConnection;
  readonly #kept = new Map<string, string>();

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  forget(): void {
    this.#kept.clear();
  }

  /** A second round trip only where a name or label is new to this process. */
  async resolve(
    deltas: readonly EvaluationDelta[],
    tenantKeyOf: (delta: EvaluationDelta) => number,
  ): Promise<JudgedNames> {
    if (this.#kept.size > CACHED_MAX) this.#kept.clear();
    const names = new JudgedNames();
    const wanted = new Map<string, Wanted>();
    for (const delta of deltas) {
      const tenant_key = tenantKeyOf(delta);
      for (const label of [null, ...delta.tally.labels.keys()]) {
        const key = keyOf(tenant_key, delta.name, label);
        const kept = this.#kept.get(key);
        if (kept !== undefined) names.set(key, kept);
        else {
          const text = label === null ? null : storableText(label);
          wanted.set(key, { key, tenant_key, name: storableText(delta.name), label: text });
        }
      }
    }
    const all = [...wanted.values()].sort((a, b) => a.tenant_key - b.tenant_key);
    for (let at = 0; at < all.length; at += WANTED_MAX) await this.#ask(all.slice(at, at + WANTED_MAX), names);
    return names;
  }

  async #ask(wanted: readonly Wanted[], names: JudgedNames): Promise<void> {
    const entries = JSON.stringify(wanted.map(({ tenant_key, name, label }) => ({ tenant_key, name, label })));
    const values = [entries, EVALUATION_NAMES_PER_TENANT_MAX, EVALUATION_LABELS_PER_NAME_MAX];
    const rows = await this.#connection.query('SELECT * FROM streamlens_judged($1, $2, $3)', values);
    for (const [item, name, label] of rows as [number, string, string | null][]) {
      const entry = wanted[item];
      if (entry === undefined) continue;
      const kept = entry.label === null ? name : (label ?? '');
      this.#kept.set(entry.key, kept);
      names.set(entry.key, kept);
    }
  }
}

function keyOf(tenantKey: number, name: string, label: string | null = null): string {
  return label === null ? `${tenantKey}\0${name}` : `${tenantKey}\0${name}\0${label}`;
}
