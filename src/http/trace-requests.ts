import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Tracing } from '../tracing/tracing.ts';

/** Traces each request of a server, whichever way it is answered. To be called when all routes are there. */
export function traceRequests(server: FastifyInstance, tracing: Tracing | undefined): void {
  if (tracing === undefined) return;
  server.addHook('onRequest', async ({ routeOptions }) => {
    if (routeOptions.url !== undefined) tracing.routed(routeOptions.url);
  });
  const listeners = server.server.listeners('request') as RequestListener[];
  server.server.removeAllListeners('request');
  server.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const isRoute = request.method === 'POST' && server.hasRoute({ method: 'POST', url: path });
    tracing.serve({ request, response, route: isRoute ? path : undefined }, () => {
      for (const listener of listeners) listener.call(server.server, request, response);
    });
  });
}
