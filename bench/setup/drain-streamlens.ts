import { freePorts } from '../../scripts/services/free-ports.ts';
import { assertEqual, type Oracle } from '../data/oracle.ts';
import type { Contestant, Measurement } from '../measure/contest.ts';
import { CpuMeter, cpuSecondsOf, peakMemoryMbOf } from '../measure/process-usage.ts';
import { type ChildProgram, startRole } from './child-program.ts';
import type { Program } from './program.ts';
import { scraped } from './scraped.ts';
import type { BenchKafka, BenchPostgres } from './services.ts';
import { committedRecords, streamLensRows, withDatabase } from './stored-rows.ts';
import { until } from './until.ts';

export interface DrainGround {
  readonly kafka: BenchKafka;
  readonly postgres: BenchPostgres;
  readonly oracle: Oracle;
  /** On both topics together. */
  readonly records: number;
}

/** What each contestant of a drain is measured by. */
export function drainMeasurement(
  ground: DrainGround,
  cpu: { readonly app: number; readonly broker: number; readonly database: number },
  { seconds, peakMb }: { seconds: number; peakMb: number },
): Measurement {
  const perMillion = (cpuSeconds: number): number => (cpuSeconds / ground.records) * 1e6;
  return {
    'records/s': ground.records / seconds,
    'records per CPU s (app)': ground.records / cpu.app,
    'records per CPU s (all)': ground.records / (cpu.app + cpu.broker + cpu.database),
    'CPU s per million, app': perMillion(cpu.app),
    'CPU s per million, broker': perMillion(cpu.broker),
    'CPU s per million, database': perMillion(cpu.database),
    'peak MB': peakMb,
  };
}

export interface StreamLensDrain {
  readonly program: Program;
  readonly processes: number;
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Also measures the second half by itself, in which the processes have started and V8 has compiled what is hot. */
  readonly showsSecondHalf?: boolean;
}

export const SECOND_HALF = 'records per CPU s (app), second half';

/** StreamLens drains the topics into an empty database; every row is compared. */
export function streamLensDrain(
  ground: DrainGround,
  { program, processes, name, env: extra = {}, showsSecondHalf = false }: StreamLensDrain,
): Contestant {
  const { kafka, postgres, oracle, records } = ground;
  return {
    name,
    async run(round) {
      const dsn = await postgres.newDatabase();
      const ports = await freePorts(processes);
      const group = `${name}-${round}`.replaceAll(/\W+/g, '-');
      const env = { KAFKA_BROKERS: kafka.bootstrap, POSTGRES_DSN: dsn, CONSUMER_GROUP: group, ...extra };
      const meter = new CpuMeter({ broker: kafka.pid, database: postgres.pid });
      const roles: ChildProgram[] = [];
      try {
        for (const port of ports) {
          // One after the other: the first creates the tables and takes partitions, the next ones share them.
          const readyUrl = `http://127.0.0.1:${port}/ready`;
          const ready = processes > 1 ? { readyUrl } : {};
          roles.push(
            await startRole(program, 'metrics-processor', { env: { ...env, HTTP_PORT: String(port) }, ...ready }),
          );
        }
        await until('the tables exist', () => hasProgress(dsn), { everyMs: 50 });
        const appCpu = (): number => roles.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
        const half = await withDatabase(dsn, async (client) => {
          const committed = (count: number): Promise<void> =>
            until(`${count} records are committed`, async () => (await committedRecords(client)) >= count);
          if (showsSecondHalf) await committed(records / 2);
          const atHalf = showsSecondHalf ? { folded: await foldedRecords(ports), app: appCpu() } : null;
          await committed(records);
          return atHalf;
        });
        const seconds = meter.elapsedSeconds();
        const { broker, database } = meter.used();
        const app = appCpu();
        const peakMb = Math.max(...roles.map(({ pid }) => peakMemoryMbOf(pid)));
        assertEqual(name, oracle, await streamLensRows(dsn));
        const measured = drainMeasurement(ground, { app, broker, database }, { seconds, peakMb });
        if (half === null) return measured;
        return { ...measured, [SECOND_HALF]: (records - half.folded) / (app - half.app) };
      } finally {
        await Promise.all(roles.map((role) => role.stop()));
      }
    },
  };
}

/** What the processes have read so far, committed or not: as much as their CPU seconds are for. */
async function foldedRecords(ports: readonly number[]): Promise<number> {
  const counts = await Promise.all(ports.map((port) => scraped(port, 'streamlens_processor_records_total')));
  return counts.flatMap((count) => [...count.values()]).reduce((sum, count) => sum + count, 0);
}

function hasProgress(dsn: string): Promise<boolean> {
  return withDatabase(dsn, async (client) => {
    const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass('progress') IS NOT NULL AS found");
    return rows[0]?.found === true;
  });
}
