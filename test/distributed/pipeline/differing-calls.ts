import { TOPICS } from '../../../src/events/topics.ts';
import type { CallAnswer, CallStatus } from '../../../src/metrics-api/contract/answers.ts';
import type { Cluster } from './cluster.ts';
import { recordsOf } from './read-topic.ts';
import type { SentCall } from './sent-call.ts';

/** A cause shows in few calls; a row has hundreds. */
const TOLD_MAX = 5;

/**
 * For a failed test: which of these calls are stored otherwise than they were sent, whether their events are on the
 * log, where and how often, and what the books say. So it can be told what was lost on the way to the log from what was
 * lost behind it.
 */
export async function tellDifferingCalls(cluster: Cluster, calls: readonly SentCall[]): Promise<string> {
  const differing: { call: SentCall; status: CallStatus | number }[] = [];
  for (const call of calls) {
    const status = await statusOf(cluster, call);
    if (status !== sentStatus(call)) differing.push({ call, status });
  }
  const told = differing.slice(0, TOLD_MAX);
  const places = await placesOf(cluster, new Set(told.map(({ call }) => call.requestId)));
  const lines = told.map(
    ({ call, status }) =>
      `${call.requestId} of ${call.tenantId} was sent as ${sentStatus(call)} and is ${status}; ` +
      (places.get(call.requestId)?.join(', ') ?? 'nothing of it is on the log'),
  );
  return [`${differing.length} of their ${calls.length} calls differ`, ...lines, await books(cluster, calls)].join(
    '\n',
  );
}

function sentStatus({ answer }: SentCall): CallStatus {
  if (answer === undefined) return 'waiting';
  return answer.error === null ? 'completed' : 'error';
}

/** As it is stored, or the HTTP status where it is not. */
async function statusOf(cluster: Cluster, { requestId, tenantId }: SentCall): Promise<CallStatus | number> {
  const response = await fetch(`${cluster.metricsUrl}/v1/calls/${requestId}?tenant_id=${tenantId}`);
  return response.ok ? ((await response.json()) as CallAnswer).call.status : response.status;
}

async function placesOf(cluster: Cluster, requestIds: ReadonlySet<string>): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const topic of [TOPICS.requests, TOPICS.responses, TOPICS.deadLetters]) {
    for (const { key, partition, offset, loggedAtMs } of await recordsOf(cluster, topic)) {
      if (!requestIds.has(key)) continue;
      const place = `${topic}/${partition} at ${offset}, ${new Date(loggedAtMs).toISOString()}`;
      places.set(key, [...(places.get(key) ?? []), place]);
    }
  }
  return places;
}

/** Of the tenants, and of the responses that have met no request yet. */
async function books(cluster: Cluster, calls: readonly SentCall[]): Promise<string> {
  const tenants = [...new Set(calls.map(({ tenantId }) => `tenant_id=${tenantId}`)), 'unassigned=true'];
  const answers = tenants.map(async (query) => {
    const response = await fetch(`${cluster.metricsUrl}/v1/audit?${query}`);
    const { totals } = (await response.json()) as { totals?: { requests: unknown; responses: unknown } };
    return `books, ${query}: requests ${JSON.stringify(totals?.requests)}, responses ${JSON.stringify(totals?.responses)}`;
  });
  return (await Promise.all(answers)).join('\n');
}
