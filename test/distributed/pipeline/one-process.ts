import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, get, post, sample } from '../../end-to-end/http-calls.ts';
import { rowsSeenBy } from '../../end-to-end/otlp-rows.ts';
import { type Server, startServer } from '../../end-to-end/running-server.ts';
import { keysOfSenders, type Rows, type SenderKeys, type SentPost } from './otlp-posts.ts';

/** `streamlens up` with everything embedded, which is sent everything once and in order: what others must come to. */
export class OneProcess implements AsyncDisposable {
  readonly #server: Server;
  readonly #dataDir: string;
  readonly #keys: SenderKeys;

  private constructor(server: Server, dataDir: string, keys: SenderKeys) {
    this.#server = server;
    this.#dataDir = dataDir;
    this.#keys = keys;
  }

  static async start(settings: Record<string, string>): Promise<OneProcess> {
    const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-one-'));
    const keys = await keysOfSenders({ postgresDsn: undefined, postgresPoolMax: 1, migrate: true, dataDir });
    return new OneProcess(await startServer(dataDir, { ...settings, API_KEYS: 'required' }), dataDir, keys);
  }

  /** One after the other. @throws where one is not taken */
  async send(posts: (keys: SenderKeys) => readonly SentPost[]): Promise<void> {
    for (const { path, body, type, key } of posts(this.#keys)) {
      const headers = { 'content-type': type, authorization: `Bearer ${key}` };
      const { status, text } = await post(`${this.#server.ingestion}${path}`, body, headers);
      assert.ok(status === 200 || status === 202, `${status} ${text}`);
    }
  }

  /** Once the books have all that was taken. */
  async rows(): Promise<Rows> {
    const { text } = await get(`${this.#server.ingestion}/metrics`);
    const [reports, evaluations] = ['report', 'evaluation'].map((type) => takenOf(text, type));
    const reader = { url: this.#server.metrics, headers: { authorization: `Bearer ${this.#keys.get(null)}` } };
    await eventually('everything is in the books', async () => {
      const response = await fetch(`${reader.url}/v1/audit`, { headers: reader.headers });
      const { totals } = (await response.json()) as { totals: Record<string, { accepted: number }> };
      const isBooked = totals['reports']?.accepted === reports && totals['evaluations']?.accepted === evaluations;
      return isBooked ? true : undefined;
    });
    return rowsSeenBy(reader);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.process.kill('SIGKILL');
    await this.#server.exited;
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function takenOf(metrics: string, type: string): number {
  return sample(metrics, `streamlens_events_accepted_total{type="${type}"}`);
}
