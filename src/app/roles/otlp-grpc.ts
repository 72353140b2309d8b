import { createServer } from 'node:net';
import type { BodyBudget } from '../../http/body-budget.ts';
import type { Logger } from '../../http/logger.ts';
import type { ServerCertificate } from '../../http/server-certificate.ts';
import { acceptExport, type OtlpContext } from '../../ingestion-api/otlp-routes.ts';
import type { GrpcCalls } from '../../otlp/grpc/grpc-calls.ts';
import type { GrpcHead, GrpcServer, TakeExport } from '../../otlp/grpc/grpc-server.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';

export interface GrpcPorts {
  readonly budget: BodyBudget;
  readonly logger: Logger;
  readonly certificate: ServerCertificate | undefined;
  readonly calls: GrpcCalls;
}

/**
 * OTLP over gRPC beside the HTTP server.
 *
 * @throws when its port cannot be bound: senders that were told of it would send into nothing, or to somebody else
 */
export async function startOtlpGrpc(
  settings: SettingsOf<'up' | 'ingestion-api'>,
  context: OtlpContext,
  { budget, logger, certificate, calls }: GrpcPorts,
): Promise<GrpcServer | undefined> {
  if (settings.otlpGrpcPort === 0) return undefined;
  const { startGrpcServer } = await import('../../otlp/grpc/grpc-server.ts');
  const { host, otlpGrpcPort: port } = settings;
  // The library would write a line of its own between ours, and say less in its error.
  await checkFree(host, port);
  return startGrpcServer({
    host,
    port,
    budget,
    certificate,
    calls,
    admit: (head) => admitExport(head, context),
    onError: (cause) => logger.error({ err: cause }, 'An OTLP export over gRPC failed'),
  });
}

function checkFree(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const what = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be bound (${message})`;
      reject(new Error(`Port ${port} for OTLP over gRPC ${what}; set OTLP_GRPC_PORT to another one, or to 0`));
    });
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

async function admitExport({ signal, headers, address }: GrpcHead, context: OtlpContext): Promise<TakeExport> {
  const sender = await context.checkSender({ headers, address });
  return (body) => acceptExport({ body, format: 'protobuf', signal }, sender, context);
}
