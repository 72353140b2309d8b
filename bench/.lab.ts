import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainTraffic } from './setup/drain-traffic.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';

const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();
const traffic = drainTraffic(Number(process.argv[2]));
const records = await kafka.fill(traffic.events());
const dbs = [];
for (let i = 0; i < 30; i++) dbs.push(await postgres.newDatabase());
writeFileSync(
  '/tmp/lab.json',
  JSON.stringify({ bootstrap: kafka.bootstrap, kafkaPid: kafka.pid, pgPid: postgres.pid, dbs, records }),
);
console.log('ready');
await sleep(3_600_000);
