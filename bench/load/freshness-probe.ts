import { setTimeout as sleep } from 'node:timers/promises';
import { getRequest, HttpConnection, postRequest } from './http-connection.ts';

const POLL_MS = 5;
const COUNT = getRequest('/v1/metrics?tenant_id=probe&group_by=none&step=1d');

/** Sends one request event after the other, and follows each of them until it is in its row. */
export class FreshnessProbe {
  readonly #sender: HttpConnection;
  readonly #reader: HttpConnection;
  #sent = 0;

  private constructor(sender: HttpConnection, reader: HttpConnection) {
    this.#sender = sender;
    this.#reader = reader;
  }

  static async open(ports: { readonly ingestionPort: number; readonly metricsPort: number }): Promise<FreshnessProbe> {
    return new FreshnessProbe(
      await HttpConnection.open(ports.ingestionPort),
      await HttpConnection.open(ports.metricsPort),
    );
  }

  /** @returns ms from the answer to an event until the API counts it */
  async once(): Promise<number> {
    const count = ++this.#sent;
    const event = { request_id: `probe-${count}`, tenant_id: 'probe', route: 'probe', model: 'gpt-4o' };
    const body = Buffer.from(JSON.stringify({ ...event, timestamp: new Date().toISOString(), prompt_tokens: 1 }));
    const answer = await this.#sender.ask(postRequest('/v1/llm/request', 'application/json', body));
    if (answer.status !== 202) throw new Error(`The probe was answered ${answer.status}`);
    const acceptedMs = performance.now();
    while ((await this.#counted()) < count) await sleep(POLL_MS);
    return performance.now() - acceptedMs;
  }

  close(): void {
    this.#sender.close();
    this.#reader.close();
  }

  async #counted(): Promise<number> {
    const { body } = await this.#reader.ask(COUNT);
    const { metrics } = JSON.parse(body.toString()) as { metrics: { requests: number }[] };
    return metrics.reduce((sum, { requests }) => sum + requests, 0);
  }
}
