import type { FastifyInstance } from 'fastify';
import { refuseParameters } from './unknown-parameters.ts';

/** `/openapi.json`, and `/docs`: the same for people, without a line of foreign script. */
export function addDocsRoutes(server: FastifyInstance, document: object): void {
  const json = JSON.stringify(document);
  server.get('/openapi.json', async (request, reply) => {
    refuseParameters(request);
    return reply.header('content-type', 'application/json').send(json);
  });
  server.get('/docs', async (request, reply) => {
    refuseParameters(request);
    const { DOCS_POLICY, docsPage } = await import('./docs-page.ts');
    return reply
      .header('content-security-policy', DOCS_POLICY)
      .header('content-type', 'text/html; charset=utf-8')
      .send(docsPage(document as never));
  });
}
