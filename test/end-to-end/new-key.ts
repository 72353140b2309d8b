import assert from 'node:assert/strict';
import { outputOf } from './running-server.ts';

export interface NewKey {
  readonly id: string;
  /** What its owner sends. */
  readonly text: string;
}

/** Makes an API key by the program. @param options whose it is and what it may, as on the command line */
export async function newKey(dataDir: string, ...options: readonly string[]): Promise<NewKey> {
  return keyIn(await outputOf(['keys', 'create', '--data-dir', dataDir, ...options]));
}

/** The key that `keys create` tells. */
export function keyIn(output: string): NewKey {
  const id = /key_\w+/.exec(output)?.[0];
  const text = /sl_[\w-]{43}/.exec(output)?.[0];
  assert.ok(id !== undefined && text !== undefined, output);
  return { id, text };
}
