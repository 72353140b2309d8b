import { parseArgs } from 'node:util';
import { runSchedule } from './run-schedule.ts';
import { situationNamed } from './situations.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    schedules: { type: 'string', default: '1000' },
    situation: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

// Simulated faults are errors by the thousand; only a trace is for people who want to know where they came from.
if (!values.trace) Error.stackTraceLimit = 0;

const first = Number(values.seed);
const situation = values.situation === undefined ? null : situationNamed(values.situation);
const count = Number(values.schedules);
const startedMs = performance.now();
let records = 0;
let commits = 0;
let virtualMs = 0;

for (let i = 0; i < count; i++) {
  const seed = first + i;
  const result = await runSchedule(seed, { keepsTrace: values.trace, situation });
  for (const line of result.lines) console.log(line);
  records += result.records;
  commits += result.commits;
  virtualMs += result.virtualMs;
  if (result.failure !== null) {
    process.stdout.write('\n');
    console.error(result.failure.stack ?? result.failure.message);
    console.error(JSON.stringify(result.plan));
    const inSituation = situation === null ? '' : ` --situation '${situation}'`;
    console.error(`FAILED. Again with: npm run simulate -- --seed ${seed} --schedules 1 --trace${inSituation}`);
    process.exitCode = 1;
    break;
  }
  progress(i + 1, seed);
}

function progress(done: number, seed: number): void {
  const isLast = done === count;
  const seconds = (performance.now() - startedMs) / 1000;
  const line = `${done}/${count} schedules, ${Math.round(done / seconds)}/s, seed ${seed}, ${records} records, ${commits} commits, ${Math.round(virtualMs / 1000)} virtual s`;
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}${isLast ? '\n' : ''}`);
  else if (isLast || done % 200 === 0) console.log(line);
}
