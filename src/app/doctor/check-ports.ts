import { type ClientRequest, get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { createServer } from 'node:net';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { broken, type Finding, note, ok } from './finding.ts';

const ANSWER_MS_MAX = 2_000;
const ANSWER_CHARACTERS_MAX = 1_000;

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

/**
 * By TLS or without, whatever the settings here say: what listens may have been started with others. Its certificate is
 * for other names than this machine's own address, and nothing secret is sent.
 */
export async function isStreamLens(port: number): Promise<boolean> {
  const at = { host: '127.0.0.1', port, path: '/health', agent: false, timeout: ANSWER_MS_MAX };
  const answers = await Promise.all([
    saysHealthy((onAnswer) => getHttp(at, onAnswer)),
    saysHealthy((onAnswer) => getHttps({ ...at, rejectUnauthorized: false }, onAnswer)),
  ]);
  return answers.includes(true);
}

function saysHealthy(ask: (onAnswer: (answer: IncomingMessage) => void) => ClientRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = ask((answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        // Somebody else's page, which may be long.
        if (text.length > ANSWER_CHARACTERS_MAX) asked.destroy(new Error('too long'));
      });
      answer.once('end', () => resolve(text.includes('"healthy"'))).once('error', () => resolve(false));
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer'))).once('error', () => resolve(false));
    asked.once('close', () => resolve(false));
  });
}
