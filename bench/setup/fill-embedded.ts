import type { EventGenerator } from '../data/event-generator.ts';
import { postRequest } from '../load/http-connection.ts';
import { sendAll } from '../load/send-all.ts';
import type { RunningUp } from './embedded.ts';

const BATCH = 1000;
const CONNECTIONS = 4;

/** Sends all of some traffic in batches, made while they are sent. */
export async function fillEmbedded(up: RunningUp, traffic: EventGenerator): Promise<void> {
  const requests = function* (): Generator<Buffer> {
    for (const { body } of traffic.batches(BATCH)) yield postRequest('/v1/llm/events', 'application/x-ndjson', body);
  };
  await sendAll(requests(), { port: up.ingestionPort, connections: CONNECTIONS, status: 202 });
}
