import { createServer } from 'node:net';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { broken, type Finding, note, ok } from './finding.ts';

const ANSWER_MS_MAX = 2_000;

/** Whether the ports of `up` are free, or already serve StreamLens. */
export async function checkPorts(settings: SettingsOf<'doctor'>): Promise<readonly Finding[]> {
  const { host, ingestionPort, metricsPort, otlpGrpcPort } = settings;
  const ports = [
    { name: 'INGESTION_PORT', port: ingestionPort, isNeeded: true },
    { name: 'METRICS_PORT', port: metricsPort, isNeeded: true },
    { name: 'OTLP_GRPC_PORT', port: otlpGrpcPort, isNeeded: false },
  ];
  return Promise.all(ports.map((each) => checkPort(host, each)));
}

interface Port {
  readonly name: string;
  readonly port: number;
  /** Without it the program does not start. */
  readonly isNeeded: boolean;
}

async function checkPort(host: string, { name, port, isNeeded }: Port): Promise<Finding> {
  if (port === 0) return ok(name, isNeeded ? 'any free port' : 'off');
  const failure = await bindFailure(host, port);
  if (failure === null) return ok(name, `${port} is free`);
  if (failure === 'EADDRINUSE' && isNeeded && (await isStreamLens(port)))
    return ok(name, `StreamLens answers on ${port}`);
  const advice = `set ${name} to another port${isNeeded ? '' : ', or to 0'}`;
  if (failure === 'EADDRINUSE') {
    // Without OTLP over gRPC everything else works, and a running StreamLens may have it.
    const text = `${port} is taken by a process; unless that is StreamLens, ${advice}`;
    return isNeeded ? broken(name, `${port} is taken by another process; ${advice}`) : note(name, text);
  }
  if (failure === 'EACCES') return broken(name, `${port} may not be bound by this user; ${advice} above 1023`);
  return broken(name, `${host}:${port} cannot be bound (${failure}); check HOST`);
}

function bindFailure(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
}

async function isStreamLens(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return (await response.text()).includes('"healthy"');
  } catch {
    return false;
  }
}
