import { kafkaObstacle } from './kafka-jars.ts';
import { postgresObstacle } from './postgres.ts';

/** For each service: null where `startKafka` / `startPostgres` can give one, else the reason in a few words. */
export interface ServiceObstacles {
  readonly kafka: string | null;
  readonly postgres: string | null;
}

/** Whether the distributed tests can run, without starting anything. */
export async function availableServices(): Promise<ServiceObstacles> {
  const kafka = process.env['KAFKA_BROKERS'] ? null : await kafkaObstacle();
  const postgres = process.env['POSTGRES_DSN'] ? null : postgresObstacle();
  return { kafka, postgres };
}

/** For node:test's `skip`: false, or one line that says what is missing and why. */
export function skipWithout(obstacles: ServiceObstacles, wanted: readonly (keyof ServiceObstacles)[]): string | false {
  const missing = wanted.flatMap((name) => (obstacles[name] === null ? [] : [`no ${name}: ${obstacles[name]}`]));
  return missing.length === 0 ? false : missing.join('; ');
}
