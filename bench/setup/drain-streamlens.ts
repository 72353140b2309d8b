import { freePorts } from '../../scripts/services/free-ports.ts';
import { assertEqual, type Oracle } from '../data/oracle.ts';
import type { Contestant, Measurement } from '../measure/contest.ts';
import { CpuMeter, cpuSecondsOf, peakMemoryMbOf } from '../measure/process-usage.ts';
import { type ChildProgram, startRole } from './child-program.ts';
import type { Program } from './program.ts';
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
}

/** StreamLens drains the topics into an empty database; every row is compared. */
export function streamLensDrain(
  ground: DrainGround,
  { program, processes, name, env: extra = {} }: StreamLensDrain,
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
        await withDatabase(dsn, (client) =>
          until('all is committed', async () => (await committedRecords(client)) === records),
        );
        const seconds = meter.elapsedSeconds();
        const { broker, database } = meter.used();
        const app = roles.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
        const peakMb = Math.max(...roles.map(({ pid }) => peakMemoryMbOf(pid)));
        assertEqual(name, oracle, await streamLensRows(dsn));
        return drainMeasurement(ground, { app, broker, database }, { seconds, peakMb });
      } finally {
        await Promise.all(roles.map((role) => role.stop()));
      }
    },
  };
}

function hasProgress(dsn: string): Promise<boolean> {
  return withDatabase(dsn, async (client) => {
    const { rows } = await client.query<{ found: boolean }>("SELECT to_regclass('progress') IS NOT NULL AS found");
    return rows[0]?.found === true;
  });
}
