import { createHash, randomBytes } from 'node:crypto';

/** Tells people and secret scanners what it is. */
const PREFIX = 'sl_';
const KEY_BYTES = 32;
const ID_BYTES = 6;

/** A new key: `sl_` and 32 random bytes. It is shown once and stored nowhere. */
export function newKeyText(): string {
  return `${PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`;
}

/** A public name for a key: `key_` and twelve hex digits, easy to copy. */
export function newKeyId(): string {
  return `key_${randomBytes(ID_BYTES).toString('hex')}`;
}

/**
 * What is stored of a key, and what it is found by. Comparing hashes tells an attacker's clock nothing about the key.
 */
export function hashOfKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
