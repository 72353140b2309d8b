import { setTimeout as sleep } from 'node:timers/promises';
import { startRole } from './setup/child-program.ts';
import { drainTraffic } from './setup/drain-traffic.ts';
import { buildWorkingTree, ROOT } from './setup/program.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';
import { committedRecords, withDatabase } from './setup/stored-rows.ts';

const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();
const traffic = drainTraffic(50000);
const records = await kafka.fill(traffic.events());
const program = await buildWorkingTree();
for (let i = 0; i < 2; i++) {
  const dsn = await postgres.newDatabase();
  const t0 = Date.now();
  const role = await startRole(program, 'metrics-processor', {
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      POSTGRES_DSN: dsn,
      CONSUMER_GROUP: `g${i}`,
      HTTP_PORT: String(15800 + i),
      LOG_LEVEL: 'info',
      CALLS_PER_SECOND_MAX: '0',
    },
  });
  for (let n = 0; n < 30; n++) {
    await sleep(2000);
    const c = await withDatabase(dsn, committedRecords).catch((e) => e.message);
    console.log(i, Date.now() - t0, c, records);
    if (c === records) break;
  }
  console.log(role.log.slice(-3000));
  await role.stop();
}
await kafka.stop();
await postgres.stop();
