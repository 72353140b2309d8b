import { Type } from 'typebox';
import type { Operation } from './operation.ts';

const Text = Type.String();

function open(id: string, path: string, summary: string, content: Operation['answer']['content']): Operation {
  const answer = { status: 200, description: 'The answer', content };
  return { id, method: 'get', path, tag: 'operation', summary, answer, problems: [400], isOpen: true };
}

/** What every server of the program answers, without a key. */
export const OPERATIONS_OF_ALL: readonly Operation[] = [
  open('getHealth', '/health', 'The process lives.', {
    'application/json': Type.Object({ status: Type.Literal('healthy') }),
  }),
  {
    ...open('getReadiness', '/ready', 'It can do its work, a line per dependency.', { 'text/plain': Text }),
    problems: [400, 503],
  },
  open('getPrometheusMetrics', '/metrics', 'The numbers of the program itself, for Prometheus.', {
    'text/plain': Text,
  }),
  open('getOpenApi', '/openapi.json', 'This document.', { 'application/json': Type.Object({}) }),
  open('getDocumentation', '/docs', 'This document for people.', { 'text/html': Text }),
];
