import type { KeyBy } from '../../commands/reconcile/provider-report.ts';

/** Which key or project of the provider our calls use. */
export interface KeyMap {
  readonly by: KeyBy;
  /** Whether a rule looks at the metadata of single calls. */
  readonly needsCalls: boolean;
  /** '' where no rule fits. */
  keyOf(call: { readonly tenantId: string; readonly metadata: unknown }): string;
}

/** Without a map all keys of the provider are one. */
export const ANY_KEY: KeyMap = { by: 'none', needsCalls: false, keyOf: () => '' };

interface Rule {
  readonly key: string;
  readonly tenantId: string | null;
  readonly metadata: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads `{"by":"project","keys":{"proj_1":{"tenant_id":"acme"},"proj_2":{"metadata":{"app":"search"}}}}`: the first key
 * that fits a call is its key.
 *
 * @throws {Error} which names the field
 */
export function parseKeyMap(text: string): KeyMap {
  const file = objectOf(parsed(text), 'the file');
  const by = file['by'];
  if (by !== 'key' && by !== 'project') throw new Error('"by" must be "key" or "project" (a workspace is a project)');
  const rules = Object.entries(objectOf(file['keys'], '"keys"')).flatMap(([key, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).map((each) => ruleOf(key, each)),
  );
  if (rules.length === 0) throw new Error('"keys" must name at least one key');
  return {
    by,
    needsCalls: rules.some(({ metadata }) => metadata.length > 0),
    keyOf: (call) => rules.find((rule) => isFor(rule, call))?.key ?? '',
  };
}

function ruleOf(key: string, value: unknown): Rule {
  const { tenant_id: tenantId = null, metadata = {}, ...rest } = objectOf(value, `"keys.${key}"`);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Error(`"keys.${key}.${unknown}" is unknown; a key has tenant_id and metadata`);
  if (tenantId !== null && typeof tenantId !== 'string') throw new Error(`"keys.${key}.tenant_id" must be a text`);
  const pairs = Object.entries(objectOf(metadata, `"keys.${key}.metadata"`)).map(
    ([name, each]) => [name, String(each)] as const,
  );
  if (tenantId === null && pairs.length === 0) throw new Error(`"keys.${key}" must say a tenant_id, or metadata`);
  return { key, tenantId, metadata: pairs };
}

function isFor({ tenantId, metadata }: Rule, call: { readonly tenantId: string; readonly metadata: unknown }): boolean {
  if (tenantId !== null && tenantId !== call.tenantId) return false;
  if (metadata.length === 0) return true;
  const known = typeof call.metadata === 'string' ? parsed(call.metadata) : call.metadata;
  if (typeof known !== 'object' || known === null) return false;
  return metadata.every(([name, value]) => String((known as Record<string, unknown>)[name]) === value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`it is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${name} must be a JSON object`);
}
