import type { FastifyInstance } from 'fastify';
import { refuseParameters } from '../http/unknown-parameters.ts';
import type { OtlpContext } from './otlp-routes.ts';

/** `GET /v1/otlp/ignored`: what came by OTLP in the last 24 hours, speaks of a model and was not counted. */
export function addIgnoredRoute(
  server: FastifyInstance,
  { ignored, checkSender }: Pick<OtlpContext, 'ignored' | 'checkSender'>,
): void {
  server.get('/v1/otlp/ignored', async (request) => {
    const { headers, socket } = request;
    const address = socket.remoteAddress ?? '';
    const { tenants } = await checkSender({ headers, address, role: 'read' });
    refuseParameters(request);
    return { ignored: ignored.list(tenants, Date.now()) };
  });
}
