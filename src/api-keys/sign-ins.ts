import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../http/problem.ts';
import type { Session, Sessions } from '../metrics-store/sessions.ts';
import { CachedAnswers } from './cached-answers.ts';
import { type Caller, requireRole } from './caller.ts';
import { type KnownKeys, lookUp } from './key-check.ts';
import { hashOfKey } from './key-text.ts';
import { presentedKey } from './presented-key.ts';
import { newSessionSecret, sessionSecretOf } from './session-cookie.ts';

export interface SignInsOptions {
  readonly keys: KnownKeys;
  readonly sessions: Omit<Sessions, 'close'>;
  readonly nowMs: () => number;
  /** How long a session lasts. */
  readonly lifetimeMs: number;
}

/** Somebody who signed in, and until when. */
export interface SignedIn extends Caller {
  readonly expiresAtMs: number;
}

/** Who signed in at the dashboard: by a key, or because somebody else vouches for him. */
export class SignIns {
  readonly lifetimeMs: number;
  readonly #options: SignInsOptions;
  readonly #sessions: CachedAnswers<Session>;

  constructor(options: SignInsOptions) {
    this.#options = options;
    this.lifetimeMs = options.lifetimeMs;
    this.#sessions = new CachedAnswers((hash) => options.sessions.find(hash), options.nowMs);
  }

  /** @returns the secret for the cookie. @throws {Problem} where the key does not let read */
  async byKey(text: string): Promise<string> {
    const keyHash = hashOfKey(text);
    const { id, roles, tenants } = await this.#options.keys.byHash(keyHash);
    requireRole({ roles }, 'read');
    return this.#begin({ keyHash, subject: id, roles, tenants });
  }

  /** For whom somebody else vouches. @returns the secret for the cookie. @throws {Problem} where he may not read */
  async byWord({ id, roles, tenants }: Caller): Promise<string> {
    requireRole({ roles }, 'read');
    return this.#begin({ keyHash: null, subject: id, roles, tenants });
  }

  /** Who calls: by a key where the request brings one, else by the cookie. @throws {Problem} 401, 403 or 503 */
  readonly check = async (headers: IncomingHttpHeaders): Promise<Caller> => {
    if (presentedKey(headers) !== null) return this.#options.keys.check(headers);
    const signedIn = await this.find(headers);
    if (signedIn !== null) return signedIn;
    if (sessionSecretOf(headers.cookie) !== null) throw new Problem(401, 'The session is over; sign in again');
    return this.#options.keys.check(headers);
  };

  /** By the cookie alone; null where nobody signed in, or no longer. @throws {Problem} 503 */
  async find(headers: IncomingHttpHeaders): Promise<SignedIn | null> {
    const secret = sessionSecretOf(headers.cookie);
    if (secret === null) return null;
    const session = await lookUp(() => this.#sessions.find(hashOfKey(secret)));
    if (session === null || session.expiresAtMs <= this.#options.nowMs()) return null;
    const { subject, roles, tenants, expiresAtMs, keyHash } = session;
    if (keyHash !== null && !(await this.#isHeld(keyHash))) return null;
    return { id: subject, roles, tenants, expiresAtMs };
  }

  /** @throws {Problem} 503 */
  async end(headers: IncomingHttpHeaders): Promise<void> {
    const secret = sessionSecretOf(headers.cookie);
    if (secret === null) return;
    const hash = hashOfKey(secret);
    await lookUp(() => this.#options.sessions.end(hash));
    this.#sessions.forget(hash);
  }

  async #isHeld(keyHash: string): Promise<boolean> {
    try {
      await this.#options.keys.byHash(keyHash);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status !== 503) return false;
      throw error;
    }
  }

  async #begin(parts: Omit<Session, 'hash' | 'expiresAtMs'>): Promise<string> {
    const secret = newSessionSecret();
    const nowMs = this.#options.nowMs();
    const session = { ...parts, hash: hashOfKey(secret), expiresAtMs: nowMs + this.lifetimeMs };
    await lookUp(() => this.#options.sessions.add(session, nowMs));
    return secret;
  }
}
