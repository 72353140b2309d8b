import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import { OVERFLOW } from '../../tally/series.ts';
import { EVALUATION_LABELS_PER_NAME_MAX, EVALUATION_NAMES_PER_TENANT_MAX } from '../series-limits.ts';
import { storableText } from '../storable-text.ts';

interface KnownName {
  readonly name: string;
  readonly labels: Set<string>;
}

/** Names kept in memory, with their labels; beyond it they are all forgotten and read again. */
const CACHED_MAX = 5_000;

const SELECT_NAME = 'SELECT name FROM evaluation_names WHERE tenant_key = ? AND name = ?';
const COUNT_NAMES = 'SELECT count(*) FROM evaluation_names WHERE tenant_key = ? AND name <> ?';
const INSERT_NAME = 'INSERT INTO evaluation_names (tenant_key, name) VALUES (?, ?) ON CONFLICT DO NOTHING';
const SELECT_LABELS = 'SELECT label FROM evaluation_labels WHERE tenant_key = ? AND name = ?';
const INSERT_LABEL = 'INSERT INTO evaluation_labels (tenant_key, name, label) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';

/**
 * Which evaluation names and labels exist, and where those beyond the limits go. For `forget`, see `SqliteDictionary`.
 */
export class SqliteEvaluationNames {
  readonly #connection: SqliteConnection;
  readonly #known = new Map<string, KnownName>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  forget(): void {
    this.#known.clear();
  }

  /** The name's own entry, or the overflow's once the tenant has as many names as it may have. */
  resolve(tenantKey: number, wanted: string): { readonly name: string; labelOf(label: string): string } {
    const key = `${tenantKey} ${wanted}`;
    const known = this.#known.get(key) ?? this.#find(tenantKey, storableText(wanted));
    if (this.#known.size >= CACHED_MAX) this.#known.clear();
    this.#known.set(key, known);
    return { name: known.name, labelOf: (label) => this.#label(tenantKey, known, storableText(label)) };
  }

  #find(tenantKey: number, wanted: string): KnownName {
    const name = this.#hasRoom(tenantKey, wanted) ? wanted : OVERFLOW;
    const shared = this.#known.get(`${tenantKey} ${name}`);
    if (shared !== undefined) return shared;
    this.#connection.run(INSERT_NAME, tenantKey, name);
    const labels = new Set(
      Array.from(this.#connection.rows(SELECT_LABELS, tenantKey, name), ([label]) => String(label)),
    );
    const known = { name, labels };
    // Names that overflow share it, and with it the count of its labels.
    this.#known.set(`${tenantKey} ${name}`, known);
    return known;
  }

  #hasRoom(tenantKey: number, name: string): boolean {
    if (this.#connection.row(SELECT_NAME, tenantKey, name) !== undefined) return true;
    return Number(this.#connection.row(COUNT_NAMES, tenantKey, OVERFLOW)?.[0]) < EVALUATION_NAMES_PER_TENANT_MAX;
  }

  #label(tenantKey: number, { name, labels }: KnownName, label: string): string {
    if (labels.has(label)) return label;
    if (label === OVERFLOW || labels.size >= EVALUATION_LABELS_PER_NAME_MAX) return OVERFLOW;
    this.#connection.run(INSERT_LABEL, tenantKey, name, label);
    labels.add(label);
    return label;
  }
}
