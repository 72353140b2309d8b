import { isCustomModel } from '../../prices/model-name.ts';

/** `-2024-08-06`, `-20250514`, `@20250514`, `-0613`, `-latest` */
const SNAPSHOT = /(?:[-@]20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])|(?<=^gpt-.*)-\d{4}|-latest)$/;

/**
 * The same for all spellings and snapshots of one model: without the vendor before it and the date behind it. A model
 * that somebody trained for themselves keeps its name.
 */
export function modelFamily(name: string): string {
  const plain = name.trim().toLowerCase();
  if (isCustomModel(plain)) return plain;
  return plain
    .replace(/^(?:models|[a-z0-9._-]+)\//, '')
    .replace(SNAPSHOT, '')
    .replaceAll(/(?<=\d)\.(?=\d)/g, '-');
}
