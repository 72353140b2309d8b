import type { Logger } from '../../http/logger.ts';
import { Problem } from '../../http/problem.ts';
import { acceptTraces, notKept, type OtlpContext } from '../../ingestion-api/otlp-routes.ts';
import type { GrpcAnswer, GrpcExport, GrpcServer } from '../../otlp/grpc-server.ts';
import type { Settings } from '../../settings/settings-table.ts';

/**
 * OTLP over gRPC beside the HTTP server. Its port is a convention, not a need: where another process has it, HTTP
 * serves on and a line in the log says so.
 */
export async function startOtlpGrpc(
  settings: Settings,
  context: OtlpContext,
  logger: Logger,
): Promise<GrpcServer | undefined> {
  if (settings.otlpGrpcPort === 0) return undefined;
  const { startGrpcServer } = await import('../../otlp/grpc-server.ts');
  try {
    return await startGrpcServer({
      host: settings.host,
      port: settings.otlpGrpcPort,
      handle: (exported) => handleExport(exported, context),
      onError: (cause) => logger.error({ err: cause }, 'An OTLP export over gRPC failed'),
    });
  } catch (error) {
    logger.warn(`No OTLP over gRPC: ${(error as Error).message}. Set OTLP_GRPC_PORT to another port, or to 0`);
    return undefined;
  }
}

async function handleExport({ signal, body, headers, address }: GrpcExport, context: OtlpContext): Promise<GrpcAnswer> {
  try {
    const sender = await context.checkSender({ headers, address });
    if (signal !== 'traces') return { outcome: 'ok', body: notKept(signal) };
    return { outcome: 'ok', body: await acceptTraces(body, 'protobuf', sender, context) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refusal(error);
  }
}

function refusal({ status, message, retryAfterS = 1 }: Problem): GrpcAnswer {
  const retryAfterMs = retryAfterS * 1000;
  if (status === 401) return { outcome: 'unauthenticated', reason: message };
  if (status === 403) return { outcome: 'forbidden', reason: message };
  if (status === 429) return { outcome: 'exhausted', reason: message, retryAfterMs };
  if (status === 503) return { outcome: 'unavailable', reason: message, retryAfterMs };
  return { outcome: 'invalid', reason: message };
}
