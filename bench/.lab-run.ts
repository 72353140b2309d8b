import { readFileSync, writeFileSync } from 'node:fs';
import { freePorts } from '../scripts/services/free-ports.ts';
import { CpuMeter, cpuSecondsOf, peakMemoryMbOf } from './measure/process-usage.ts';
import { startRole } from './setup/child-program.ts';
import { buildWorkingTree } from './setup/program.ts';
import { committedRecords, streamLensRows, withDatabase } from './setup/stored-rows.ts';
import { until } from './setup/until.ts';

const lab = JSON.parse(readFileSync('/tmp/lab.json', 'utf8'));
const dsn = lab.dbs.shift();
writeFileSync('/tmp/lab.json', JSON.stringify(lab));
const program = process.env.ENTRY ? { entry: process.env.ENTRY, version: '' } : await buildWorkingTree();
const extra = Object.fromEntries(process.argv.slice(2).map((pair) => pair.split('=')));
const [port = 0] = await freePorts(1);
const meter = new CpuMeter({ broker: lab.kafkaPid, database: lab.pgPid });
const role = await startRole(program, 'metrics-processor', {
  env: {
    KAFKA_BROKERS: lab.bootstrap,
    POSTGRES_DSN: dsn,
    CONSUMER_GROUP: `g${Date.now()}`,
    HTTP_PORT: String(port),
    ...extra,
  },
});
await until(
  'tables',
  () =>
    withDatabase(
      dsn,
      async (c) => (await c.query("SELECT to_regclass('progress') IS NOT NULL AS found")).rows[0].found,
    ),
  { everyMs: 100 },
);
await withDatabase(dsn, (c) =>
  until('all', async () => (await committedRecords(c)) === lab.records, { everyMs: 100, timeoutMs: 100_000 }),
).catch(async (e) => {
  console.log(e.message, role.log.slice(-3000));
  console.log(
    await withDatabase(dsn, async (c) =>
      JSON.stringify(
        (
          await c.query(
            'select pid, state, wait_event_type, wait_event, now()-query_start as d, left(query,80) as q from pg_stat_activity where datname=current_database()',
          )
        ).rows,
      ),
    ),
  );
  console.log(
    await withDatabase(dsn, async (c) =>
      JSON.stringify((await c.query('select partition, seq, positions from progress')).rows),
    ),
  );
  process.exit(1);
});
const used = meter.used();
const app = cpuSecondsOf(role.pid);
const per = (s: number) => ((s / lab.records) * 1e6).toFixed(2);
console.log(
  `${lab.records} records in ${meter.elapsedSeconds().toFixed(1)} s: app ${per(app)} broker ${per(used.broker)} db ${per(used.database)} us/record, peak ${peakMemoryMbOf(role.pid)} MB`,
);
const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
console.log(
  text
    .split('\n')
    .filter((l) =>
      /^(nodejs_heap_size|nodejs_external|process_resident|streamlens_committed_total|streamlens_published)/.test(l),
    )
    .join('\n'),
);
const sum = [...(await streamLensRows(dsn)).values()].reduce((s, r) => s + (r.completed ?? 0), 0);
console.log('completed', sum);
await role.stop();
