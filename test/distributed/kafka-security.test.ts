import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaSasl, KafkaSettings } from '../../src/event-log/kafka/kafka-settings.ts';
import { TOPICS } from '../../src/events/topics.ts';
import { StorageError, type StorageErrorCode } from '../../src/storage/storage-error.ts';

const services = await availableServices();
const skip = skipWithout({ ...services, kafka: services.kafka ?? opensslObstacle() }, ['kafka']);
const PASSWORD = 'correct-horse';

suite('A Kafka that asks for TLS and a password', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-tls-'));
  let kafka: RunningKafka;
  let ca = '';

  before(async () => {
    ca = makeCertificate(directory);
    kafka = await startKafka({
      brokers: 1,
      own: true,
      quickJit: true,
      users: { admin: PASSWORD, visitor: PASSWORD },
      tls: { pemFile: join(directory, 'broker.pem'), caFile: join(directory, 'certificate.pem') },
      properties: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The controller's listener is plain and on the loopback.
        'super.users': 'User:admin;User:ANONYMOUS',
      },
    });
    await createTopics(settings(), { partitions: 3, replicationFactor: 1 });
  });
  after(async () => {
    await kafka?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const settings = (sasl: Partial<KafkaSasl> = {}): KafkaSettings => ({
    brokers: [kafka.bootstrap],
    clientId: 'security',
    groupId: 'security',
    compression: 'zstd',
    tls: { ca },
    sasl: { mechanism: 'SCRAM-SHA-256', username: 'admin', password: PASSWORD, ...sasl },
  });

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    test(`events can be appended and read over TLS with ${mechanism}`, async () => {
      const log = new KafkaEventLog(settings({ mechanism }));
      const earlier = await log.bounds(TOPICS.requests);
      await log.append([{ topic: TOPICS.requests, key: 'k', value: Buffer.from(mechanism) }]);
      const wanted = earlier.map(({ partition, end }) => ({ topic: TOPICS.requests, partition, offset: end }));
      const slices = await log.poll(wanted, { bytesMax: 10_000, waitMs: 5_000 });
      const values = slices.flatMap((slice) =>
        Array.from(slice.records, (record) => Buffer.from(record.value ?? []).toString()),
      );
      assert.deepEqual(values, [mechanism]);
      await log.close();
    });
  }

  test('a wrong password is called so, and is not repeated in the message', async () => {
    await assertFails(settings({ password: 'hunter2-secret' }), 'setting-refused', /refused the credentials/);
  });

  test('a certificate of an unknown authority is called so', async () => {
    await assertFails({ ...settings(), tls: {} }, 'setting-refused', /Check the CA/);
  });

  test('a plain connection to a TLS port is called so', async () => {
    const { tls: _tls, sasl: _sasl, ...plain } = settings();
    await assertFails(plain, 'setting-refused', /speaks TLS only/);
  });

  test('missing rights on the topics are called so', async () => {
    await assertFails(settings({ username: 'visitor' }), 'misconfigured', /lacks the right to read or write a topic/);
  });
});

async function assertFails(settings: KafkaSettings, code: StorageErrorCode, pattern: RegExp): Promise<void> {
  const log = new KafkaEventLog(settings);
  const startedAtMs = performance.now();
  try {
    await assert.rejects(log.append([{ topic: TOPICS.requests, key: 'k', value: Buffer.from('v') }]), (error) => {
      assert.ok(error instanceof StorageError);
      assert.match(error.message, pattern);
      assert.equal(error.code, code, error.message);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
    assert.ok(performance.now() - startedAtMs < 12_000, 'it took too long to find out');
  } finally {
    await log.close();
  }
}

/** A self-signed certificate for 127.0.0.1. Gives its PEM text, which is its own authority. */
function makeCertificate(directory: string): string {
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=streamlens-test'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  const pem = readFileSync(certificate, 'utf8');
  writeFileSync(join(directory, 'broker.pem'), readFileSync(key, 'utf8') + pem);
  return pem;
}

function opensslObstacle(): string | null {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'there is no `openssl` to make a certificate with';
  }
}
