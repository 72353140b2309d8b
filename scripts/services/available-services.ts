import { kafkaObstacle } from './kafka-jars.ts';
import { postgresObstacle } from './postgres.ts';
import { prometheusObstacle } from './prometheus.ts';

/** For each service: null where `startKafka` / `startPostgres` can give one, else the reason in a few words. */
export interface ServiceObstacles {
  readonly kafka: string | null;
  readonly postgres: string | null;
  readonly prometheus: string | null;
}

/** Whether the distributed tests can run, without starting anything. */
export async function availableServices(): Promise<ServiceObstacles> {
  const kafka = process.env['KAFKA_BROKERS'] ? null : await kafkaObstacle();
  const postgres = process.env['POSTGRES_DSN'] ? null : postgresObstacle();
  return { kafka, postgres, prometheus: prometheusObstacle() };
}

/** For node:test's `skip`: false, or one line that says what is missing and why. @throws as `skipFor` does */
export function skipWithout(obstacles: ServiceObstacles, wanted: readonly (keyof ServiceObstacles)[]): string | false {
  const missing = wanted.flatMap((name) => (obstacles[name] === null ? [] : [`no ${name}: ${obstacles[name]}`]));
  if (missing.length === 0) return false;
  return skipFor(missing.join('; '));
}

/**
 * The reason, for node:test's `skip`.
 *
 * @throws it where `STREAMLENS_REQUIRE_ALL_SUITES=1`: in CI a suite that cannot run is a failure
 */
export function skipFor(reason: string): string {
  if (process.env['STREAMLENS_REQUIRE_ALL_SUITES'] === '1') {
    throw new Error(`A suite cannot run, and STREAMLENS_REQUIRE_ALL_SUITES=1 forbids to skip it: ${reason}`);
  }
  return reason;
}
