import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequest, HttpConnection } from './http-connection.ts';

/** A page asks again at most so often, however many changes it hears of. */
const PAUSE_MS = 1000;
const HOUR_MS = 3_600_000;

/** Does what an open page of the dashboard does: hears of changed rows, and asks for its figures anew. */
export class LivePage {
  readonly #tenant: string;
  readonly #stream: IncomingMessage;
  readonly #connection: HttpConnection;
  /** How long its questions have waited since somebody took these. */
  #waitsMs: number[] = [];
  #hasHeard = true;
  #failure: Error | null = null;
  /** Changes that it has heard of, ever. */
  changes = 0;

  private constructor(tenant: string, stream: IncomingMessage, connection: HttpConnection) {
    this.#tenant = tenant;
    this.#stream = stream;
    this.#connection = connection;
    stream.on('data', (chunk: Buffer) => {
      const heard = chunk.toString('latin1').split('data:').length - 1;
      this.changes += heard;
      this.#hasHeard ||= heard > 0;
    });
    stream.on('error', (error) => {
      this.#failure ??= error;
    });
    stream.on('end', () => {
      this.#failure ??= new Error('The stream of a live page has ended');
    });
  }

  static async open(tenant: string, port: number): Promise<LivePage> {
    const url = `http://127.0.0.1:${port}/v1/metrics/stream?tenant_id=${tenant}&rows=false`;
    const stream = await new Promise<IncomingMessage>((resolve, reject) => get(url, resolve).on('error', reject));
    if (stream.statusCode !== 200) throw new Error(`The stream was answered ${stream.statusCode}`);
    return new LivePage(tenant, stream, await HttpConnection.open(port));
  }

  /** Until it is told to stop. @throws where the stream breaks off or a question is refused */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#hasHeard) {
        this.#hasHeard = false;
        for (const question of questionsOf(this.#tenant)) await this.#ask(question);
      }
      await sleep(PAUSE_MS);
    }
  }

  takeWaitsMs(): number[] {
    const waitsMs = this.#waitsMs;
    this.#waitsMs = [];
    return waitsMs;
  }

  close(): void {
    this.#stream.removeAllListeners().destroy();
    this.#connection.close();
  }

  async #ask(path: string): Promise<void> {
    const askedMs = performance.now();
    const { status, body } = await this.#connection.ask(getRequest(path));
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${body.toString().slice(0, 300)}`);
    this.#waitsMs.push(performance.now() - askedMs);
  }
}

/** Headline, breakdown and chart of the last hour, and what was slowest. */
function questionsOf(tenant: string): string[] {
  const range = `tenant_id=${tenant}&from=${new Date(Date.now() - HOUR_MS).toISOString()}`;
  return [
    `/v1/metrics/summary?${range}`,
    `/v1/metrics/summary?${range}&group_by=route,model&limit=50`,
    `/v1/metrics?${range}&group_by=none&step=1m&order=asc&limit=1000`,
    `/v1/calls?tenant_id=${tenant}&order=slowest&limit=20`,
  ];
}
