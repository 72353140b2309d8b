import { test } from 'node:test';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { assertAccessMatrix, assertTenantsAreApart, makeCallers } from './access-matrix.ts';
import { dataDirFor, startServer } from './running-server.ts';

test('every endpoint gives each key what it may have, and no tenant reaches another, on SQLite', async (t) => {
  const dataDir = dataDirFor(t);
  const callers = await makeCallers({ STREAMLENS_DATA_DIR: dataDir });
  const [grpcPort = 0] = await freePorts(1);
  const server = await startServer(dataDir, {
    API_KEYS: 'required',
    JOIN_TIMEOUT: '3s',
    OTLP_GRPC_PORT: String(grpcPort),
  });
  t.after(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
  });
  await assertAccessMatrix(server, grpcPort, callers);
  await assertTenantsAreApart(server, callers);
});
