import type { BodyBudget } from '../../http/body-budget.ts';
import type { Logger } from '../../http/logger.ts';
import { acceptTraces, notKept, type OtlpContext } from '../../ingestion-api/otlp-routes.ts';
import type { GrpcHead, GrpcServer, TakeExport } from '../../otlp/grpc/grpc-server.ts';
import type { Settings } from '../../settings/settings-table.ts';

/**
 * OTLP over gRPC beside the HTTP server. Its port is a convention, not a need: where another process has it, HTTP
 * serves on and a line in the log says so.
 */
export async function startOtlpGrpc(
  settings: Settings,
  context: OtlpContext,
  { budget, logger }: { budget: BodyBudget; logger: Logger },
): Promise<GrpcServer | undefined> {
  if (settings.otlpGrpcPort === 0) return undefined;
  const { startGrpcServer } = await import('../../otlp/grpc/grpc-server.ts');
  try {
    return await startGrpcServer({
      host: settings.host,
      port: settings.otlpGrpcPort,
      budget,
      admit: (head) => admitExport(head, context),
      onError: (cause) => logger.error({ err: cause }, 'An OTLP export over gRPC failed'),
    });
  } catch (error) {
    logger.warn(`No OTLP over gRPC: ${(error as Error).message}. Set OTLP_GRPC_PORT to another port, or to 0`);
    return undefined;
  }
}

async function admitExport({ signal, headers, address }: GrpcHead, context: OtlpContext): Promise<TakeExport> {
  const sender = await context.checkSender({ headers, address });
  if (signal === 'traces') return (body) => acceptTraces({ body, format: 'protobuf' }, sender, context);
  return async () => {
    sender.charge(1);
    return notKept(signal);
  };
}
