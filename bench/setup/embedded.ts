import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../scripts/services/free-ports.ts';
import type { ExpectedRow, Oracle } from '../data/oracle.ts';
import { type ChildProgram, startRole } from './child-program.ts';
import type { Program } from './program.ts';
import { until } from './until.ts';

/** `streamlens up` with its own files, or on a broker and a database. */
export class RunningUp {
  readonly service: ChildProgram;
  readonly ingestionPort: number;
  readonly metricsPort: number;
  readonly directory: string;

  private constructor(service: ChildProgram, ports: readonly [number, number], directory: string) {
    this.service = service;
    [this.ingestionPort, this.metricsPort] = ports;
    this.directory = directory;
  }

  /** @param directory an earlier run's files, or null for new ones */
  static async start(
    program: Program,
    env: Readonly<Record<string, string>> = {},
    directory: string | null = null,
  ): Promise<RunningUp> {
    const [ingestion = 0, metrics = 0] = await freePorts(2);
    const data = directory ?? mkdtempSync(join(tmpdir(), 'streamlens-bench-data-'));
    const service = await startRole(program, 'up', {
      env: {
        STREAMLENS_DATA_DIR: data,
        INGESTION_PORT: String(ingestion),
        METRICS_PORT: String(metrics),
        ...env,
      },
      readyUrl: `http://127.0.0.1:${metrics}/ready`,
    });
    return new RunningUp(service, [ingestion, metrics], data);
  }

  /** Waits until so many calls of these tenants are completed in what the API answers. */
  async untilReadable(tenants: number, completed: number): Promise<void> {
    await this.untilCounted(tenants, 'completed', completed);
  }

  async untilCounted(tenants: number, field: 'requests' | 'completed', count: number): Promise<void> {
    await until(`${count} are ${field}`, async () => (await this.#total(tenants, field)) >= count, { everyMs: 50 });
  }

  /** What the API says of some tenants, added up over all its rows. */
  async totals(tenants: number): Promise<{ calls: number; tokens: number; costUsd: number }> {
    const totals = { calls: 0, tokens: 0, costUsd: 0 };
    for (const row of await this.#sums(tenants)) {
      totals.calls += row.completed;
      totals.tokens += row.prompt_tokens + row.completion_tokens;
      totals.costUsd += row.estimated_cost_usd ?? 0;
    }
    return totals;
  }

  /** All rows under the oracle's keys. */
  async rows(oracle: Oracle): Promise<Map<string, Partial<ExpectedRow>>> {
    const tenants = new Set([...oracle.rows.keys()].map((key) => key.split('|')[0] ?? ''));
    const rows = new Map<string, Partial<ExpectedRow>>();
    for (const tenant of tenants) {
      for await (const row of this.#pages(`limit=10000&tenant_id=${tenant}`)) {
        rows.set(`${row.tenant_id}|${row.route}|${row.model}|${Date.parse(row.window_start)}`, {
          requests: row.requests,
          completed: row.completed,
          errors: row.errors,
          promptTokens: row.prompt_tokens,
          completionTokens: row.completion_tokens,
        });
      }
    }
    return rows;
  }

  async *#pages(query: string): AsyncGenerator<ApiRow> {
    let cursor = '';
    do {
      const answer = await fetch(`http://127.0.0.1:${this.metricsPort}/v1/metrics?${query}${cursor}`);
      const { metrics, next_cursor: next } = (await answer.json()) as { metrics: ApiRow[]; next_cursor?: string };
      yield* metrics;
      cursor = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== '');
  }

  async #total(tenants: number, field: 'requests' | 'completed'): Promise<number> {
    return (await this.#sums(tenants)).reduce((all, row) => all + row[field], 0);
  }

  /** A row a tenant and day. */
  async #sums(tenants: number): Promise<ApiRow[]> {
    const rows: ApiRow[] = [];
    for (let tenant = 0; tenant < tenants; tenant++) {
      const query = `tenant_id=tenant-${tenant}&group_by=none&step=1d`;
      const answer = await fetch(`http://127.0.0.1:${this.metricsPort}/v1/metrics?${query}`);
      rows.push(...((await answer.json()) as { metrics: ApiRow[] }).metrics);
    }
    return rows;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', keepFiles = false): Promise<void> {
    await this.service.stop(signal);
    if (!keepFiles) this.deleteFiles();
  }

  deleteFiles(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

interface ApiRow {
  readonly tenant_id: string;
  readonly route: string;
  readonly model: string;
  readonly window_start: string;
  readonly requests: number;
  readonly completed: number;
  readonly errors: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly estimated_cost_usd: number | null;
}
