import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIELD = fileURLToPath(new URL('../fixtures/field', import.meta.url));

export type Row = Readonly<Record<string, unknown>>;

interface Post {
  readonly path: string;
  readonly type: string;
  readonly file: string;
}

export interface Check {
  readonly get: string;
  readonly rows: readonly Row[];
  readonly lines_add_up?: boolean;
}

/** One situation from the field: what is posted, and what the metrics API must then say. See the fixtures' README. */
export interface FieldCase {
  readonly name: string;
  readonly posts: readonly (Post & { readonly body: Uint8Array<ArrayBuffer> })[];
  readonly checks: readonly Check[];
}

export function fieldCases(): readonly FieldCase[] {
  const folders = readdirSync(FIELD, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    const folder = join(FIELD, name);
    const { posts, checks } = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as {
      posts: readonly Post[];
      checks: readonly Check[];
    };
    const withBodies = posts.map((post) => ({ ...post, body: Uint8Array.from(readFileSync(join(folder, post.file))) }));
    return { name, checks, posts: withBodies };
  });
}

/** Why a list does not hold exactly the expected rows, in any order; null where it does. */
export function mismatch(list: readonly Row[], expected: readonly Row[]): string | null {
  const rest = list.filter((row) => row['requests'] !== 0);
  for (const row of expected) {
    const place = rest.findIndex((actual) => isRow(actual, row));
    if (place === -1) return `no row is ${JSON.stringify(row)}; left are ${JSON.stringify(rest)}`;
    rest.splice(place, 1);
  }
  return rest.length === 0 ? null : `too much: ${JSON.stringify(rest)}`;
}

function isRow(actual: Row, expected: Row): boolean {
  return Object.entries(expected).every(([field, value]) => isValue(field, actual[field], value));
}

function isValue(field: string, actual: unknown, expected: unknown): boolean {
  if (isAtLeast(expected)) return typeof actual === 'number' && actual >= expected.at_least;
  if (typeof expected === 'number' && typeof actual === 'number') {
    const difference = Math.abs(actual - expected);
    if (field.endsWith('_usd')) return difference <= Math.max(1e-9, Math.abs(expected) * 1e-6);
    return /^p\d+_/.test(field) ? difference <= expected * 0.0115 : actual === expected;
  }
  if (field.startsWith('window_')) return Date.parse(String(actual)) === Date.parse(String(expected));
  return actual === expected;
}

function isAtLeast(value: unknown): value is { readonly at_least: number } {
  return typeof value === 'object' && value !== null && 'at_least' in value;
}
