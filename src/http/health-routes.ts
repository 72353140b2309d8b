import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formatFor } from '../exposition/exposition.ts';
import { joined } from '../exposition/joined.ts';
import type { MetricSource } from '../exposition/metric-family.ts';
import type { Draining } from './draining.ts';
import { refuseParameters } from './unknown-parameters.ts';

/** A dependency, and how to find out whether it can be used. @throws when it cannot; the message is shown */
export interface Dependency {
  readonly name: string;
  readonly check: () => Promise<void>;
  /**
   * What it means that there is no answer in time: a thread of this process is busy (one that died would have ended the
   * process), somebody else is away. Busy is ready, as neither a restart nor another replica would mend it. Away unless
   * told otherwise.
   */
  readonly silence?: 'away' | 'busy';
}

export interface HealthOptions {
  readonly dependencies: readonly Dependency[];
  /** Null where `/metrics` is somebody else's. */
  readonly sources: readonly (MetricSource | undefined)[] | null;
  readonly draining: Draining;
}

/** How long one that may be away is waited for. */
const AWAY_MS_MAX = 2000;

/** How long one that may be busy is waited for: the probes of Kubernetes wait a second unless told otherwise. */
const BUSY_WAIT_MS_MAX = 500;

/** Whoever says nothing for so long is not busy but stuck, which a restart mends. */
const BUSY_MS_MAX = 15 * 60_000;

/** `/health`: the process lives. `/ready`: it can do its work, one line per dependency. `/metrics`: Prometheus. */
export function addHealthRoutes(server: FastifyInstance, { dependencies, sources, draining }: HealthOptions): void {
  server.get('/health', async (request, reply) => {
    refuseParameters(request);
    await reply.header('content-type', 'application/json').send('{"status":"healthy"}');
  });
  const checked = dependencies.map((dependency) => new CheckedDependency(dependency));
  server.get('/ready', async (request, reply) => {
    refuseParameters(request);
    if (draining.isOn) {
      await reply.code(503).header('content-type', 'text/plain; charset=utf-8').send('process: it is stopping\n');
      return;
    }
    const checks = await Promise.all(checked.map((dependency) => dependency.check()));
    const isReady = checks.every((check) => check.isReady);
    await reply
      .code(isReady ? 200 : 503)
      .header('content-type', 'text/plain; charset=utf-8')
      .send(checks.map(({ name, line }) => `${name}: ${line}\n`).join(''));
  });
  if (sources === null) return;
  server.get('/metrics', async (request, reply) => {
    refuseParameters(request);
    await sendMetrics(request, reply, sources);
  });
}

/** Answers a scrape in the format that it asks for. */
export async function sendMetrics(
  request: FastifyRequest,
  reply: FastifyReply,
  sources: readonly (MetricSource | undefined)[],
): Promise<void> {
  const families = await joined(sources).families();
  const format = formatFor(request.headers.accept);
  await reply.header('content-type', format.contentType).send(format.write(families));
}

interface Verdict {
  readonly name: string;
  readonly isReady: boolean;
  readonly line: string;
}

class CheckedDependency {
  readonly #dependency: Dependency;
  /** The check under way; a busy thread gets one question, however often it is asked. */
  #running: { readonly verdict: Promise<Verdict>; readonly sinceMs: number } | null = null;

  #last: Verdict | null = null;

  constructor(dependency: Dependency) {
    this.#dependency = dependency;
  }

  async check(): Promise<Verdict> {
    const running = (this.#running ??= this.#begin());
    const waitMs = this.#dependency.silence === 'busy' ? BUSY_WAIT_MS_MAX : AWAY_MS_MAX;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<Verdict>((resolve) => {
      timer = setTimeout(() => resolve(this.#silent(running.sinceMs)), waitMs);
    });
    try {
      return await Promise.race([running.verdict, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  #begin() {
    const { name, check } = this.#dependency;
    const verdict = check()
      .then(
        (): Verdict => ({ name, isReady: true, line: 'ok' }),
        (error: Error): Verdict => ({ name, isReady: false, line: error.message.replaceAll('\n', ' ') }),
      )
      .then((settled) => {
        this.#running = null;
        this.#last = settled;
        return settled;
      });
    return { verdict, sinceMs: performance.now() };
  }

  #silent(sinceMs: number): Verdict {
    const { name, silence = 'away' } = this.#dependency;
    const silentMs = performance.now() - sinceMs;
    // The thread takes longer to find out that a store does not answer than a probe waits for the thread.
    if (silence === 'busy' && this.#last?.isReady === false) return this.#last;
    if (silence === 'busy' && silentMs < BUSY_MS_MAX) {
      return { name, isReady: true, line: `ok, busy for ${Math.round(silentMs / 1000)} s` };
    }
    return { name, isReady: false, line: `no answer within ${Math.round(silentMs)} ms` };
  }
}
