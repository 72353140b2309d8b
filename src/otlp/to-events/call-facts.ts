import type { Facts } from '../../reports/report.ts';
import type { CallFacts } from '../call.ts';
import type { Candidate } from '../fold/candidate.ts';
import { callEvents } from './call-events.ts';
import { dimension } from './cut-text.ts';

/** What a span says about its call, under the names of the events' fields; what it does not know is left out. */
export function callFacts(facts: CallFacts): Facts {
  const [request, response] = callEvents(bare(facts), NOBODY);
  const {
    type: _type,
    request_id: _id,
    timestamp: _timestamp,
    latency_ms: _latency,
    ...said
  } = { ...request, ...response } as Record<string, unknown>;
  for (const name of BESIDE) delete said[name];
  said['model'] = dimension(facts.requestModel);
  said['answered_model'] = dimension(facts.responseModel);
  for (const name of Object.keys(said)) if (said[name] === null || said[name] === undefined) delete said[name];
  return said;
}

const BESIDE = ['tenant_id', 'route', 'user_id_hash', 'session_id', 'metadata'] as const;
const NOBODY = { tenant: null, route: null, userId: null, sessionId: null };

function bare(facts: CallFacts): Candidate {
  const span = { scope: { name: '', version: '' } };
  return { facts, id: '', startMs: 0, durationMs: null, members: [], span } as unknown as Candidate;
}
