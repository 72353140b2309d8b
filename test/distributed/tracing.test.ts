import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { startOtlpReceiver } from '../end-to-end/otlp-receiver.ts';
import { startServer } from '../end-to-end/running-server.ts';
import { assertChain, chainOf, tracedBy } from '../end-to-end/traced-chain.ts';

const skip = skipWithout(await availableServices(), ['kafka']);

suite('Tracing through Kafka', { skip }, () => {
  let kafka: RunningKafka;
  const dataDir = mkdtempSync(join(tmpdir(), 'streamlens-tracing-'));
  before(async () => {
    kafka = await startKafka({ brokers: 1, own: true, quickJit: true });
  });
  after(async () => {
    await kafka?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('a request is followed through the headers of its records to its commit', async () => {
    await using receiver = await startOtlpReceiver();
    const env = { ...tracedBy(receiver), KAFKA_BROKERS: kafka.bootstrap, KAFKA_PARTITIONS: '1' };
    const server = await startServer(dataDir, env);
    try {
      const spans = await chainOf(server, receiver, 'cd'.repeat(16));
      assertChain(spans, { system: 'kafka', processes: ['up', 'metrics-processor'] });
    } finally {
      server.process.kill('SIGKILL');
      await server.exited;
    }
  });
});
