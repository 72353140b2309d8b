import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, startServer } from './running-server.ts';

/** A server for all tests of a file, with OTLP over gRPC on a port that was free. */
export interface ServerApart extends Server {
  readonly grpcPort: number;
  end(): Promise<void>;
}

export async function runServerApart(env: Record<string, string>): Promise<ServerApart> {
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-apart-'));
  const grpcPort = await freePort();
  const server = await startServer(dataDir, { ...env, OTLP_GRPC_PORT: String(grpcPort) });
  return {
    ...server,
    grpcPort,
    async end(): Promise<void> {
      server.process.kill('SIGKILL');
      await server.exited;
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
