import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An authorization server for the grant of client credentials, whose tokens Kafka's unsecured validator takes. */
export interface TokenEndpoint {
  readonly url: string;
  /** The forms that were posted by a client that was let in. */
  readonly forms: URLSearchParams[];
  close(): Promise<void>;
}

export interface TokenClient {
  readonly id: string;
  readonly secret: string;
  /** Whom the tokens name. */
  readonly subject: string;
  readonly validForS: number;
}

export async function startTokenEndpoint(client: TokenClient): Promise<TokenEndpoint> {
  const forms: URLSearchParams[] = [];
  const server: Server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await text(request);
    response.setHeader('content-type', 'application/json');
    if (!isClient(request.headers.authorization ?? '', client)) {
      response.writeHead(401).end(JSON.stringify({ error: 'invalid_client', error_description: 'who are you?' }));
      return;
    }
    forms.push(new URLSearchParams(form));
    const token = { access_token: unsecuredJwt(client), token_type: 'Bearer', expires_in: client.validForS };
    response.end(JSON.stringify(token));
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    forms,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Id and secret are encoded as in a form, each by itself. */
function isClient(authorization: string, { id, secret }: TokenClient): boolean {
  const [, encoded = ''] = /^Basic (.+)$/.exec(authorization) ?? [];
  const parts = Buffer.from(encoded, 'base64').toString().split(':');
  const decoded = parts.map((part) => new URLSearchParams(`part=${part}`).get('part'));
  return decoded.length === 2 && decoded[0] === id && decoded[1] === secret;
}

function unsecuredJwt({ subject, validForS }: TokenClient): string {
  const nowS = Math.floor(Date.now() / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: nowS, exp: nowS + validForS, scope: 'llm' })}.`;
}
