import type { ReadEvent } from './read-event.ts';

const FIELDS: Readonly<Record<string, string>> = { user: 'user_id_hash', session: 'session_id' };

/** What the request says in a dimension. */
export function valueIn(name: string, { fields }: ReadEvent): string {
  const metadata = fields['metadata'] as Readonly<Record<string, unknown>> | null | undefined;
  const field = FIELDS[name];
  const value = field === undefined ? metadata?.[name.slice('metadata.'.length)] : fields[field];
  if (value === undefined || value === null || value === '' || typeof value === 'object') return '__none__';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 255 ? '__overflow__' : text;
}
