/** Where a dimension finds its value in a request. */
export type DimensionSource =
  | { readonly kind: 'user' }
  | { readonly kind: 'session' }
  /** The first of these keys of the metadata that has a value. */
  | { readonly kind: 'metadata'; readonly keys: readonly string[] };

/** Under which keys of their metadata senders name the agent that called and the team that pays. */
const AGENT_KEYS = ['gen_ai.agent.name', 'agent.name', 'agent'] as const;
const TEAM_KEYS = ['team', 'team.name', 'team_name', 'team.id', 'team_id', 'user_api_key_team_alias'] as const;

const METADATA = 'metadata.';

/** Longer values, of which only metadata may have some, are no names. */
export const DIMENSION_VALUE_CHARS_MAX = 255;

/** What metadata say under a key; empty where that is nothing, as lists and objects are no values. */
export function metadataText(metadata: unknown, key: string): string {
  if (typeof metadata !== 'object' || metadata === null || !Object.hasOwn(metadata, key)) return '';
  const value: unknown = Reflect.get(metadata, key);
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** What calls can be summed by beside their series: `user`, `session`, `agent`, `team` or `metadata.KEY`. */
export function dimensionSource(name: string): DimensionSource {
  if (name === 'user' || name === 'session') return { kind: name };
  if (name === 'agent') return { kind: 'metadata', keys: AGENT_KEYS };
  if (name === 'team') return { kind: 'metadata', keys: TEAM_KEYS };
  return { kind: 'metadata', keys: [name.slice(METADATA.length)] };
}
