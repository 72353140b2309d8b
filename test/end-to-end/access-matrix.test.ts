import { test } from 'node:test';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { assertAccessMatrix, assertTenantsAreApart, makeCallers } from './access-matrix.ts';
import { dataDirFor, serverFor } from './running-server.ts';
import { assertSessions } from './session-matrix.ts';

test('every endpoint gives each key what it may have, and no tenant reaches another, on SQLite', async (t) => {
  const dataDir = dataDirFor(t);
  const callers = await makeCallers({ STREAMLENS_DATA_DIR: dataDir });
  const [grpcPort = 0] = await freePorts(1);
  const env = { API_KEYS: 'required', JOIN_TIMEOUT: '3s', OTLP_GRPC_PORT: String(grpcPort), METRIC_DIMENSIONS: 'user' };
  const server = await serverFor(t, env, { dataDir });
  await assertAccessMatrix(server, grpcPort, callers);
  await assertTenantsAreApart(server, callers);
  await assertSessions(server, callers);
});
