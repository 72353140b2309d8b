import * as oidc from 'openid-client';
import { Problem } from '../http/problem.ts';
import type { Caller } from './caller.ts';
import { type ClaimNames, callerOf } from './oidc-claims.ts';

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  /** Where browsers reach the dashboard. */
  readonly publicUrl: string;
  readonly claims: ClaimNames;
}

/** What has to come back with the answer of the provider; kept by the browser meanwhile. */
export interface OidcAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export const CALLBACK_PATH = '/v1/session/oidc/callback';
const TIMEOUT_S = 10;

/** Signs people in at an OpenID Connect provider, by the authorization code flow with PKCE. */
export class OidcSignIn {
  readonly #options: OidcOptions;
  #discovered: Promise<oidc.Configuration> | null = null;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** @returns where to send the browser. @throws {Problem} 503 while the provider does not answer */
  async begin(): Promise<{ readonly url: string; readonly attempt: OidcAttempt }> {
    const configuration = await this.#discover();
    const attempt = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#at(CALLBACK_PATH).href,
      scope: this.#options.scopes,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, attempt };
  }

  /**
   * @param query what came with the browser, as it stands in the address
   * @throws {Problem} 403 where it proves nothing, or gives no role; 503 while the provider does not answer
   */
  async finish(query: string, { state, nonce, verifier }: OidcAttempt): Promise<Caller> {
    const configuration = await this.#discover();
    const url = this.#at(CALLBACK_PATH);
    url.search = query;
    let claims: oidc.IDToken | undefined;
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      claims = tokens.claims();
    } catch (error) {
      throw refusal(error);
    }
    return callerOf(claims ?? {}, this.#options.claims);
  }

  #at(path: string): URL {
    return new URL(path, this.#options.publicUrl);
  }

  /** Once it was there it is remembered; while it is not, each sign-in asks again. */
  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const url = new URL(issuer);
    const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(clientSecret);
    this.#discovered ??= oidc.discovery(url, clientId, clientSecret, authentication, {
      timeout: TIMEOUT_S,
      // The settings take a provider without TLS on this machine only.
      execute: url.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
    });
    try {
      return await this.#discovered;
    } catch {
      this.#discovered = null;
      throw new Problem(503, 'The sign-in provider does not answer now. Try again', { retryAfterS: 5 });
    }
  }
}

/** What the provider said is not shown: it may quote what was sent. */
function refusal(error: unknown): Problem {
  if (error instanceof oidc.AuthorizationResponseError) {
    return new Problem(403, `The sign-in provider refuses: ${error.error.slice(0, 100)}`);
  }
  return new Problem(403, 'The answer of the sign-in provider proves nothing; begin again');
}
