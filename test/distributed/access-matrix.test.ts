import { after, before, describe, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { assertAccessMatrix, assertTenantsAreApart, makeCallers } from '../end-to-end/access-matrix.ts';
import { dataDirFor, serverFor } from '../end-to-end/running-server.ts';
import { assertSessions } from '../end-to-end/session-matrix.ts';
import { assertTopChanges } from '../end-to-end/top-changes.ts';
import { openTestDatabases, type TestDatabases } from './test-databases.ts';

const skip = skipWithout(await availableServices(), ['postgres']);

describe('With the store in Postgres', { skip }, () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await openTestDatabases();
  });
  after(() => databases?.close());

  test('every endpoint gives each key what it may have, and no tenant reaches another', async (t) => {
    const dataDir = dataDirFor(t);
    const store = { STREAMLENS_DATA_DIR: dataDir, POSTGRES_DSN: await databases.create() };
    const callers = await makeCallers(store);
    const [grpcPort = 0] = await freePorts(1);
    const ports = { OTLP_GRPC_PORT: String(grpcPort) };
    const server = await serverFor(
      t,
      { ...store, ...ports, API_KEYS: 'required', JOIN_TIMEOUT: '3s', METRIC_DIMENSIONS: 'user' },
      { dataDir },
    );
    await assertAccessMatrix(server, grpcPort, callers);
    await assertTenantsAreApart(server, callers);
    await assertSessions(server, callers);
  });

  test('who changed cost, latency and errors most between two ranges is told, with its share', async (t) => {
    await assertTopChanges(await serverFor(t, { POSTGRES_DSN: await databases.create() }));
  });
});
