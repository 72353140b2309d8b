import { parentPort, workerData } from 'node:worker_threads';
import { getRequest, HttpConnection } from './http-connection.ts';

/** Asks one long question after the other, in a thread of its own: answers of megabytes would hold up who measures. */
const DAYS = '30d';
const QUESTIONS = [
  `/v1/metrics?from=now-${DAYS}&step=5m&group_by=none&limit=10000`,
  `/v1/metrics?from=now-${DAYS}&step=1h&group_by=route&quantiles=0.99&limit=10000`,
  `/v1/metrics?from=now-${DAYS}&step=5m&group_by=none&limit=10000&route=route-3`,
  `/v1/metrics?from=now-${DAYS}&step=1h&group_by=route,model&limit=10000`,
];

const { port, askers } = workerData as { readonly port: number; readonly askers: number };

async function ask(first: number): Promise<never> {
  const connection = await HttpConnection.open(port);
  for (let index = first; ; index++) {
    // Not the minute of the question before, so that no answer is one that was kept.
    const to = `&to=now-${index % 500}m&tenant_id=tenant-${index % 2}`;
    const { status, body } = await connection.ask(getRequest(`${QUESTIONS[index % QUESTIONS.length] as string}${to}`));
    if (status !== 200) throw new Error(`A long question was answered ${status}: ${body.toString()}`);
    parentPort?.postMessage(body.length, []);
  }
}

await Promise.all(Array.from({ length: askers }, (_, asker) => ask(asker)));
