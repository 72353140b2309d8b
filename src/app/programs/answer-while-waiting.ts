import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerCertificate } from '../../http/server-certificate.ts';

export interface WaitingPort {
  readonly host: string;
  readonly port: number;
  readonly certificate: ServerCertificate | undefined;
}

/**
 * Answers on the port of a role while that waits for what it needs, which may take a minute: `/health` says that the
 * process lives, all else is 503. Before it resolves the port is free again.
 */
export async function answerWhileWaiting<T>(
  { host, port, certificate }: WaitingPort,
  work: () => Promise<T>,
): Promise<T> {
  const answer: RequestListener = (request, response) => {
    const isHealth = request.url === '/health';
    response.writeHead(isHealth ? 200 : 503, {
      'content-type': isHealth ? 'application/json' : 'text/plain; charset=utf-8',
      'retry-after': '1',
      connection: 'close',
    });
    response.end(isHealth ? '{"status":"healthy"}' : 'process: it is starting\n');
  };
  const server = certificate === undefined ? createServer(answer) : createTlsServer(certificate.files, answer);
  // A port that cannot be bound is told by the role itself; for port 0 nobody could know where to ask.
  if (port !== 0) {
    await new Promise((resolve) => {
      server.once('listening', resolve).once('error', resolve).listen({ host, port });
    });
  }
  try {
    return await work();
  } finally {
    if (server.listening) {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  }
}
