import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Draining } from './draining.ts';

/** A dependency, and how to find out whether it can be used. @throws when it cannot; the message is shown */
export interface Dependency {
  readonly name: string;
  readonly check: () => Promise<void>;
}

export interface HealthOptions {
  readonly dependencies: readonly Dependency[];
  readonly registries: readonly Scrapable[];
  readonly draining: Draining;
}

const CHECK_MS_MAX = 2000;

/** `/health`: the process lives. `/ready`: it can do its work, one line per dependency. `/metrics`: Prometheus. */
export function addHealthRoutes(server: FastifyInstance, { dependencies, registries, draining }: HealthOptions): void {
  server.get('/health', async (_request, reply) => {
    await reply.header('content-type', 'application/json').send('{"status":"healthy"}');
  });
  server.get('/ready', async (_request, reply) => {
    if (draining.isOn) {
      await reply.code(503).header('content-type', 'text/plain; charset=utf-8').send('process: it is stopping\n');
      return;
    }
    const checks = await Promise.all(dependencies.map(checkWithin));
    const isReady = checks.every((check) => check.isReady);
    await reply
      .code(isReady ? 200 : 503)
      .header('content-type', 'text/plain; charset=utf-8')
      .send(checks.map(({ name, line }) => `${name}: ${line}\n`).join(''));
  });
  server.get('/metrics', async (_request, reply) => {
    const texts = await Promise.all(registries.map((registry) => registry.metrics()));
    await reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(texts.join('\n'));
  });
}

/** A Prometheus registry, here or in a thread. */
export type Scrapable = Pick<Registry, 'metrics'>;

async function checkWithin({ name, check }: Dependency): Promise<{ name: string; isReady: boolean; line: string }> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_MS_MAX} ms`)), CHECK_MS_MAX);
  });
  try {
    await Promise.race([check(), timeout]);
    return { name, isReady: true, line: 'ok' };
  } catch (error) {
    return { name, isReady: false, line: (error as Error).message.replaceAll('\n', ' ') };
  } finally {
    clearTimeout(timer);
  }
}
