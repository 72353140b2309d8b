import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { CallCounts } from '../exposition/call-counts.ts';
import type { MetricFamily, MetricSource } from '../exposition/metric-family.ts';

/** What is counted apart; others are `other`. */
const METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY']);
/** The route of what led to none. */
const NO_ROUTE = 'none';

/** Counts the requests of a server by method, route and class of status. Labels are bounded: routes are templates. */
export class RequestMetrics implements MetricSource {
  readonly #calls = new CallCounts({
    total: {
      name: 'streamlens_http_requests_total',
      help: 'Requests that were answered, by method, route and class of status; aborted where the client had gone',
    },
    duration: {
      name: 'streamlens_http_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer, by route',
    },
    inFlight: { name: 'streamlens_http_requests_in_flight', help: 'Requests that are being answered' },
    durationLabel: 'route',
  });
  /** Where Fastify led a request. */
  readonly #routes = new WeakMap<ServerResponse, string>();
  /** Paths that are answered in front of Fastify. */
  readonly #plainPaths = new Set<string>();

  /** To be called when all routes are there. */
  watch(server: FastifyInstance): void {
    server.addHook('onRequest', async (request, reply) => {
      this.#routes.set(reply.raw, request.routeOptions.url ?? NO_ROUTE);
    });
    server.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const ended = this.#calls.begin();
      response.once('close', () => {
        const { method = '' } = request;
        ended({
          method: METHODS.has(method) ? method : 'other',
          route: this.#routes.get(response) ?? this.#plainRoute(server, request),
          status: response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted',
        });
      });
    });
  }

  families(): readonly MetricFamily[] {
    return this.#calls.families();
  }

  /** Of one that was answered in front of Fastify, by its path and nothing else. */
  #plainRoute(server: FastifyInstance, { method, url = '' }: IncomingMessage): string {
    if (method !== 'POST') return NO_ROUTE;
    if (this.#plainPaths.has(url)) return url;
    if (!server.hasRoute({ method, url })) return NO_ROUTE;
    this.#plainPaths.add(url);
    return url;
  }
}
