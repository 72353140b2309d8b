import { ApiError, problemText } from './api.ts';

/** What `GET /v1/session` answers. */
export interface Session {
  readonly is_key_required: boolean;
  readonly signed_in: {
    readonly subject: string;
    readonly roles: readonly string[];
    /** Null: all of them. */
    readonly tenant_ids: readonly string[] | null;
  } | null;
  /** Who else signs people in: what to call it, and where to go. */
  readonly sign_in_with?: { readonly name: string; readonly url: string } | null;
}

const PATH = '/v1/session';
const ANSWER_MS_MAX = 20_000;

/** @throws {ApiError} */
export async function readSession(): Promise<Session> {
  return (await (await send('GET')).json()) as Session;
}

/** The server gives the browser a cookie that no script reads. @throws {ApiError} in words fit for the form */
export async function signIn(key: string, isKept: boolean): Promise<void> {
  await send('POST', { key, keep: isKept });
}

/** @throws {ApiError} */
export async function signOut(): Promise<void> {
  await send('DELETE');
}

async function send(method: string, body?: object): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(PATH, {
      method,
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    throw new ApiError('unreachable', `There is no answer from ${location.host}`, { cause: error });
  }
  if (response.ok) return response;
  if (response.status === 401) {
    throw new ApiError('unauthorized', 'The server does not take this key. It may have been revoked');
  }
  throw new ApiError('refused', await problemText(response));
}
