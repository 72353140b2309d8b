import { type Answer, HttpConnection } from './http-connection.ts';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly status: number;
  /** Looks at an answer. @throws to end the load */
  readonly check?: (answer: Answer, index: number) => void;
}

export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends all requests over so many connections, each as soon as its connection is free. @throws for another status */
export async function sendAll(requests: Iterable<Buffer>, options: LoadOptions): Promise<LoadReport> {
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => HttpConnection.open(options.port)),
  );
  const iterator = requests[Symbol.iterator]();
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  let sent = 0;
  const drive = (connection: HttpConnection): Promise<void> =>
    new Promise((resolve, reject) => {
      const step = (): void => {
        const next = iterator.next();
        if (next.done === true) return resolve();
        const index = sent++;
        const sentAtMs = performance.now();
        const onAnswer = (answer: Answer): void => {
          latenciesMs.push(performance.now() - sentAtMs);
          if (answer.status !== options.status) {
            return reject(new Error(`The answer was ${answer.status}: ${answer.body.toString().slice(0, 300)}`));
          }
          try {
            options.check?.(answer, index);
          } catch (error) {
            return reject(error);
          }
          step();
        };
        connection.send(next.value, onAnswer, reject);
      };
      step();
    });
  try {
    await Promise.all(connections.map(drive));
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  latenciesMs.sort((a, b) => a - b);
  const quantile = (q: number): number => latenciesMs[Math.ceil(q * latenciesMs.length) - 1] ?? Number.NaN;
  return { requests: sent, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
