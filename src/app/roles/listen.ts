import type { FastifyInstance } from 'fastify';
import type { Draining } from '../../http/draining.ts';
import type { RequestMetrics } from '../../http/request-metrics.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly draining: Draining;
  readonly requests: RequestMetrics;
}

/** @returns the port, which the system chooses for 0. @throws when it cannot be bound */
export async function listen(
  server: FastifyInstance,
  { host, port, draining, requests }: ListenOptions,
): Promise<number> {
  requests.watch(server);
  server.server.prependListener('request', (_request, response) => {
    if (draining.isOn) response.setHeader('connection', 'close');
  });
  try {
    await server.listen({ host, port, listenTextResolver: (address) => `Listening on ${address}, bound to ${host}` });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} is taken by another process; choose another one`, { cause: error });
    if (code === 'EACCES')
      throw new Error(`Port ${port} may not be bound by this user; choose one above 1023`, { cause: error });
    throw new Error(`Cannot listen on ${host}:${port}: ${message}`, { cause: error });
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
