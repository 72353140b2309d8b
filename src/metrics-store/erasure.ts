/** Whose data is to be deleted: a tenant's, all of it; or what says who a user was. */
export type ErasureSubject =
  | { readonly kind: 'tenant'; readonly tenantId: string }
  | { readonly kind: 'user'; readonly userIdHash: string };

/** Rows by table. */
export type ErasedRows = Readonly<Record<string, number>>;

/** Whether a dead letter's bytes name the subject. */
export type NamesSubject = (letter: { readonly topic: string; readonly value: Uint8Array }) => boolean;

/** Deletes for good. Open beside the programs that count: what they hold of the subject is void after it. */
export interface Erasure {
  /** What would be deleted now. */
  count(subject: ErasureSubject, namesSubject: NamesSubject): Promise<ErasedRows>;

  /**
   * Deletes in the end in one transaction, in which every shard is fenced: its owner drops what it holds in memory and
   * begins again from the log. `whileHeld` runs when nobody can commit any more and before anybody is let on, for what
   * has to change in the log.
   */
  erase(subject: ErasureSubject, namesSubject: NamesSubject, whileHeld: () => void): Promise<ErasedRows>;

  /** When a row of the tenant changed last; null where there is none. */
  lastChangeMs(tenantId: string): Promise<number | null>;

  close(): Promise<void>;
}

interface ErasedTable {
  readonly table: string;
  /** With `$1` for the tenant's name. */
  readonly condition: string;
}

const OF_TENANT = 'tenant_key IN (SELECT tenant_key FROM tenants WHERE tenant_id = $1)';
const OF_PAIR = `pair_id IN (SELECT pair_id FROM pairs WHERE ${OF_TENANT})`;

/**
 * Every table that holds what belongs to a tenant, what refers to others first. `erasure.test.ts` compares it with both
 * schemas, so that a new table cannot be forgotten.
 */
const TENANT_TABLES: readonly ErasedTable[] = [
  ...[
    'metrics_1m',
    'metrics_1h',
    'metrics_1d',
    'calls',
    'evaluations_1m',
    'sender_calls_1h',
    'sender_meters_1h',
    'evaluation_names',
    'evaluation_labels',
    'dimension_days',
    'dimension_values',
  ].map((table) => ({ table, condition: OF_TENANT })),
  // After the days: whoever packs one now holds it until that is done.
  { table: 'packed_days', condition: OF_TENANT },
  { table: 'audit_1h', condition: 'tenant_id = $1' },
  // One of all tenants is beside sums, which name none.
  { table: 'reconciliations', condition: 'tenant_id = $1' },
];

const NAME_TABLES: readonly ErasedTable[] = [
  { table: 'series', condition: OF_PAIR },
  { table: 'pairs', condition: OF_TENANT },
  { table: 'tenants', condition: 'tenant_id = $1' },
];

export const SQLITE_TENANT_TABLES: readonly ErasedTable[] = [
  ...TENANT_TABLES,
  { table: 'dimension_open_hours', condition: OF_TENANT },
  { table: 'dimension_pieces', condition: OF_TENANT },
  { table: 'unpublished_rows', condition: OF_PAIR },
  { table: 'api_keys', condition: 'tenants = json_array($1)' },
  { table: 'sessions', condition: 'tenants = json_array($1)' },
  ...NAME_TABLES,
];

export const POSTGRES_TENANT_TABLES: readonly ErasedTable[] = [
  ...TENANT_TABLES,
  { table: 'usage_1m', condition: OF_TENANT },
  { table: 'dimension_sums', condition: OF_TENANT },
  { table: 'changes_1m', condition: OF_TENANT },
  { table: 'api_keys', condition: 'tenants = ARRAY[$1]::text[]' },
  { table: 'sessions', condition: 'tenants = ARRAY[$1]::text[]' },
  // By the name of a limit, a space and who owes.
  { table: 'sender_debts', condition: "right(name, length($1) + 1) = ' ' || $1" },
  ...NAME_TABLES,
];

/**
 * Sums name no user, so they stay; those of dimensions are nobody's without the text of the value. A session is its
 * user's; what stands in the metadata is, as far as it stands in no call of anybody else, as a team or an agent does.
 * Both are known of the single calls that are kept, so those go last. With `$1` for the hash.
 */
function userTables(metadata: string): readonly ErasedTable[] {
  const texts = (whose: string): string =>
    `SELECT tenant_key, text FROM (${metadata}) AS m WHERE user_id_hash ${whose}`;
  const condition = `value = $1
    OR dimension = 'session' AND (tenant_key, value) IN (SELECT tenant_key, session_id FROM calls WHERE user_id_hash = $1)
    OR dimension NOT IN ('user', 'session') AND (tenant_key, value) IN (${texts('= $1')})
      AND (tenant_key, value) NOT IN (${texts('IS DISTINCT FROM $1')})`;
  return [
    { table: 'dimension_values', condition },
    { table: 'calls', condition: 'user_id_hash = $1' },
  ];
}

export const SQLITE_USER_TABLES = userTables(`
  SELECT c.tenant_key, c.user_id_hash, CAST(e.value AS TEXT) AS text FROM calls c, json_each(c.metadata) e
  WHERE e.type IN ('text', 'integer', 'real')`);

/** Its JSON may not have all that text may: a call with such metadata is passed over. */
export const POSTGRES_USER_TABLES = userTables(`
  SELECT c.tenant_key, c.user_id_hash, e.value AS text FROM calls c CROSS JOIN LATERAL json_each_text(
    CASE WHEN c.metadata ~* '\\\\u(0000|d[89a-f])' THEN '{}' ELSE c.metadata END::json) e
  WHERE e.value IS NOT NULL`);

/** Dead letters are judged by what they say, row by row: a record that could not be counted may not say whose it is. */
export const JUDGED_TABLE = 'dead_letters';

/** Holds of a subject nothing at all, or nothing but the place of a record in the log. */
export const SQLITE_PLACES_ONLY: readonly string[] = ['dead_letter_replays', 'processors', 'progress'];
export const POSTGRES_PLACES_ONLY: readonly string[] = [...SQLITE_PLACES_ONLY, 'group_members'];

/** A store's tables by what is deleted from them. */
export type ErasedTables = { readonly [Kind in ErasureSubject['kind']]: readonly ErasedTable[] };

export function nameOf(subject: ErasureSubject): string {
  return subject.kind === 'tenant' ? subject.tenantId : subject.userIdHash;
}
