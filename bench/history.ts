import { parseArgs } from 'node:util';
import { startPostgres } from '../scripts/services/postgres.ts';
import { StoreQueries } from '../src/metrics-api/store-queries.ts';
import type { MetricsStore } from '../src/metrics-store/metrics-store.ts';
import { openPostgresMetricsStore } from '../src/metrics-store/postgres/postgres-metrics-store.ts';
import { openSqliteMetricsStore } from '../src/metrics-store/sqlite/sqlite-metrics-store.ts';
import { History } from './data/history.ts';
import { HISTORY_QUESTIONS } from './data/history-questions.ts';
import { cpuSecondsOf } from './measure/process-usage.ts';
import { OFF_MS } from './measure/question-cost.ts';
import { historyDirectory, packAll } from './setup/history-directory.ts';

/**
 * What questions over months cost: `npm run bench -- history --directory DIR [--days 30]` in an embedded store, whose
 * file it makes first where the directory is empty, or `-- history --postgres [--days 30]` in a Postgres of its own,
 * asked before its days are packed and after. Prints CPU seconds of this process, and of the server beside it, which do
 * not depend on how busy the machine is.
 */
const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    postgres: { type: 'boolean', default: false },
    days: { type: 'string', default: '30' },
    pack: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

/** CPU seconds of this process and, where there is one, of the server. */
class Meter {
  readonly #serverPid: number | null;
  readonly #own = process.cpuUsage();
  readonly #server: number;

  constructor(serverPid: number | null) {
    this.#serverPid = serverPid;
    this.#server = serverPid === null ? 0 : cpuSecondsOf(serverPid);
  }

  read(): string {
    const { user, system } = process.cpuUsage(this.#own);
    const own = ((user + system) / 1e6).toFixed(3);
    return this.#serverPid === null ? own : `${own}+${(cpuSecondsOf(this.#serverPid) - this.#server).toFixed(2)}`;
  }
}

async function pack(store: MetricsStore, serverPid: number | null = null): Promise<void> {
  const began = new Meter(serverPid);
  const longestMs = await packAll(store);
  console.log(`packed with ${began.read()} CPU s, at most ${longestMs.toFixed(0)} ms at a time`);
}

async function ask(reader: MetricsStore, toMs: number, serverPid: number | null = null): Promise<void> {
  const queries = new StoreQueries({ reader });
  for (const { name, kind, questionOf } of HISTORY_QUESTIONS) {
    if (!name.includes(values.only)) continue;
    const seconds: string[] = [];
    let size = 0;
    for (let i = 0; i < 3; i++) {
      const began = new Meter(serverPid);
      const text = await queries.answer(kind, questionOf(toMs - OFF_MS));
      seconds.push(began.read());
      size = text?.length ?? 0;
    }
    console.log(`${seconds.join(' ')} CPU s  ${(size / 1e6).toFixed(2)} MB  ${name}`);
  }
}

async function askPostgres(): Promise<void> {
  const server = await startPostgres({ own: true, fsync: false });
  try {
    const store = await openPostgresMetricsStore({ dsn: server.dsn });
    const history = new History(Number(values.days), Date.now());
    const began = new Meter(server.pid);
    await history.fill(store);
    console.log(`filled with ${began.read()} CPU s`);
    await ask(store, history.toMs, server.pid);
    await pack(store, server.pid);
    await ask(store, history.toMs, server.pid);
    await store.close();
  } finally {
    await server.stop();
  }
}

async function askEmbedded(directory: string): Promise<void> {
  const { storePath: path, toMs } = await historyDirectory(directory, Number(values.days));
  if (values.pack) {
    const store = openSqliteMetricsStore({ path });
    await pack(store);
    await store.close();
  }
  const reader = openSqliteMetricsStore({ path, readOnly: true });
  await ask(reader, toMs);
  await reader.close();
}

if (values.postgres) await askPostgres();
else if (values.directory === undefined) throw new Error('Needs --directory DIR or --postgres');
else await askEmbedded(values.directory);
