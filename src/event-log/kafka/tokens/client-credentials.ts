import { StorageError } from '../../../storage/storage-error.ts';
import type { IssuedToken } from './lasting-token.ts';

/** Who we are to an authorization server: the grant "client credentials" of OAuth 2 (RFC 6749, 4.4). */
export interface OauthClient {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Asked for each token, as it may have been rotated. */
  readonly clientSecret: () => string;
  readonly scope?: string;
  readonly audience?: string;
}

const ANSWER_MS_MAX = 10_000;
/** What is taken where the server does not say how long the token is good. */
const VALID_S_DEFAULT = 300;
const REASON_LENGTH_MAX = 200;

/** @throws {StorageError} `setting-refused` where the server refuses us, `unavailable` where it cannot be asked now */
export async function requestToken(client: OauthClient): Promise<IssuedToken> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (client.scope !== undefined) form.set('scope', client.scope);
  if (client.audience !== undefined) form.set('audience', client.audience);
  let status: number;
  let text: string;
  try {
    const answer = await fetch(client.tokenEndpoint, {
      method: 'POST',
      body: form,
      headers: { authorization: basicAuthorization(client), accept: 'application/json' },
      // The secret goes to the server that the setting names, and to no other.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    [status, text] = [answer.status, await answer.text()];
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error && cause.message !== '' ? cause.message : message;
    throw failure('unavailable', client, `cannot be asked (${reason})`, error);
  }
  const fields = fieldsOf(text);
  if (status === 429 || status >= 500) throw failure('unavailable', client, `answers ${status}`);
  if (status !== 200) throw failure('setting-refused', client, `refuses the client: ${reasonOf(fields, status)}`);
  const { access_token: token, expires_in: validForS } = fields;
  if (typeof token !== 'string' || token === '') throw failure('setting-refused', client, 'answers without a token');
  const seconds = Number(validForS);
  return { token, validForMs: 1000 * (seconds > 0 ? seconds : VALID_S_DEFAULT) };
}

/** Both parts are encoded as in a form before they are joined (RFC 6749, 2.3.1). */
function basicAuthorization({ clientId, clientSecret }: OauthClient): string {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret())}`).toString('base64')}`;
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function reasonOf(
  { error, error_description: description }: Readonly<Record<string, unknown>>,
  status: number,
): string {
  const parts = [error, description].filter((part) => typeof part === 'string');
  return (parts.length === 0 ? `status ${status}` : parts.join(', ')).slice(0, REASON_LENGTH_MAX);
}

function failure(
  code: 'unavailable' | 'setting-refused',
  { tokenEndpoint }: OauthClient,
  what: string,
  cause?: unknown,
): StorageError {
  const advice = 'Check KAFKA_OAUTH_TOKEN_ENDPOINT, KAFKA_OAUTH_CLIENT_ID and KAFKA_OAUTH_CLIENT_SECRET';
  return new StorageError(code, `the token endpoint ${tokenEndpoint} ${what}. ${advice}`, { cause });
}
