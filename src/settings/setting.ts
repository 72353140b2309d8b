import type { Kind } from './setting-kinds.ts';

export type Command =
  | 'up'
  | 'ingestion-api'
  | 'metrics-processor'
  | 'metrics-api'
  | 'migrate'
  | 'log'
  | 'topics'
  | 'prices'
  | 'dead-letters'
  | 'backfill'
  | 'import'
  | 'reconcile'
  | 'export'
  | 'keys'
  | 'backup'
  | 'restore'
  | 'delete'
  | 'doctor'
  | 'generate-traffic'
  | 'replay-trace';

export interface Setting<T> {
  readonly env: string;
  /** Where it is not the name of the variable in lower case. */
  readonly flag?: string;
  readonly kind: Kind<T>;
  /**
   * The default as a person would write it; per command where commands differ; absent where the setting is optional.
   */
  readonly fallback?: string | Partial<Record<Command, string>>;
  readonly commands: readonly Command[];
  readonly about: string;
}

/** Keeps the literal types of a definition, from which `SettingsOf` derives what each command reads. */
export function setting<const D extends Setting<unknown>>(definition: D): D {
  return definition;
}

export function flagOf({ env, flag }: Pick<Setting<unknown>, 'env' | 'flag'>): string {
  if (flag !== undefined) return flag;
  const name = env
    .replace(/^STREAMLENS_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  return `--${name}`;
}

/** Of the file that holds a secret: `POSTGRES_DSN_FILE` and `--postgres-dsn-file`. */
export function fileVariableOf({ env }: Pick<Setting<unknown>, 'env'>): string {
  return `${env}_FILE`;
}

export function fileFlagOf(secret: Pick<Setting<unknown>, 'env' | 'flag'>): string {
  return `${flagOf(secret)}-file`;
}
