import { setTimeout as sleep } from 'node:timers/promises';
import { EventGenerator } from '../data/event-generator.ts';
import type { Oracle } from '../data/oracle.ts';
import { HttpConnection, postRequest } from './http-connection.ts';

export interface SteadyOptions {
  readonly eventsPerSecond: number;
  readonly eventsPerBatch: number;
  readonly seconds: number;
  readonly seed: number;
}

const CONNECTIONS = 4;

/** Calls of 60 series whose events happen as they are sent, as many a second as is wanted, whatever the service does. */
export class SteadyLoad {
  readonly #options: SteadyOptions;
  readonly #traffic: EventGenerator;
  sent = 0;

  constructor(options: SteadyOptions) {
    this.#options = options;
    const { eventsPerSecond, seconds, seed } = options;
    const shape = { tenants: 5, routes: 4, models: 3, fromMs: Date.now(), spanMs: seconds * 1000 };
    this.#traffic = new EventGenerator({ seed, calls: (eventsPerSecond * seconds) / 2, ...shape });
  }

  /** What has to be counted once `run` has ended by itself. */
  get oracle(): Oracle {
    return this.#traffic.oracle;
  }

  /** Ends when all is sent, or when it is told to. @throws where a batch is not taken */
  async run(port: number, signal: AbortSignal): Promise<void> {
    const { eventsPerSecond, eventsPerBatch } = this.#options;
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(port)));
    const startedMs = performance.now();
    const batches = this.#traffic.batches(eventsPerBatch);
    const drive = async (connection: HttpConnection): Promise<void> => {
      while (!signal.aborted) {
        const next = batches.next();
        if (next.done === true) return;
        const dueMs = startedMs + (this.sent / eventsPerSecond) * 1000;
        this.sent += next.value.events;
        await sleep(Math.max(0, dueMs - performance.now()));
        const answer = await connection.ask(postRequest('/v1/llm/events', 'application/x-ndjson', next.value.body));
        if (answer.status !== 202) throw new Error(`A batch was answered ${answer.status}: ${answer.body.toString()}`);
      }
    };
    try {
      await Promise.all(connections.map(drive));
    } finally {
      for (const connection of connections) connection.close();
    }
  }
}
