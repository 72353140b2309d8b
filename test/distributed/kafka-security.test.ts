import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { availableServices, skipWithout } from '../../scripts/services/available-services.ts';
import { type RunningKafka, startKafka } from '../../scripts/services/kafka.ts';
import { kafkaSettings } from '../../src/app/open/open-log.ts';
import { createTopics } from '../../src/event-log/kafka/create-topics.ts';
import { inspectCluster } from '../../src/event-log/kafka/inspect-cluster.ts';
import { mayJoinGroup } from '../../src/event-log/kafka/inspect-group.ts';
import { KafkaEventLog } from '../../src/event-log/kafka/kafka-event-log.ts';
import type { KafkaPassword, KafkaSettings } from '../../src/event-log/kafka/kafka-settings.ts';
import { TOPICS } from '../../src/events/topics.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { StorageError, type StorageErrorCode } from '../../src/storage/storage-error.ts';
import { runCommand } from '../end-to-end/running-server.ts';
import { until } from './pipeline/until.ts';
import { startTokenEndpoint } from './token-endpoint.ts';

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
        'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER',
        'listener.name.client.oauthbearer.sasl.jaas.config':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
        // A connection is closed that outlives the token it came with and does not authenticate anew.
        'listener.name.client.oauthbearer.connections.max.reauth.ms': '3600000',
      },
    });
    await createTopics(settings(), { partitions: 3, replicationFactor: 1 });
  });
  after(async () => {
    await kafka?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const settings = (sasl: Partial<KafkaPassword> = {}): KafkaSettings => ({
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
      await assertKeeps(log, mechanism);
      await log.close();
    });
  }

  test('what a user may do with the topics is asked of the brokers, which say where they are', async () => {
    const ofAdmin = await inspectCluster(settings());
    const [host, port] = kafka.bootstrap.split(':');
    assert.deepEqual(ofAdmin.brokers, [{ id: 1, host, port: Number(port) }]);
    const everything = { read: true, write: true, describe: true };
    assert.deepEqual(
      Object.values(TOPICS).map((topic) => ofAdmin.rights.get(topic)),
      Object.values(TOPICS).map(() => everything),
    );
    assert.equal(await mayJoinGroup(settings(), 'processors'), true);
    assert.equal(await mayJoinGroup(settings({ username: 'visitor' }), 'processors'), false);
    const ofVisitor = await inspectCluster(settings({ username: 'visitor' }));
    assert.deepEqual(
      Array.from(ofVisitor.rights.values(), ({ read, write, describe }) => read || write || describe),
      Object.values(TOPICS).map(() => false),
    );
  });

  test('doctor names the rights that are lacking and the end of the certificate of a broker', async () => {
    const env = {
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA: join(directory, 'certificate.pem'),
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
      KAFKA_SASL_USERNAME: 'visitor',
      KAFKA_SASL_PASSWORD: PASSWORD,
    };
    const command = runCommand(['doctor', '--data-dir', join(directory, 'none')], env);
    const { code } = await command.exited;
    assert.equal(code, 1, command.output());
    assert.match(command.output(), /ok {6}broker 1: its advertised address .* is reached from here/);
    assert.match(command.output(), /note {4}certificate of broker 1: it is good until .* for 1 days; renew it soon/);
    assert.match(
      command.output(),
      /BROKEN {2}rights on llm\.requests: this user may not see the topic; grant it DESCRIBE/,
    );
    assert.match(
      command.output(),
      /note {4}group metrics-processor-group: this user may not join the consumer group.*grant it READ/,
    );
  });

  test('with OAUTHBEARER a token is asked for by client id and secret, and again before it ends', async () => {
    const client = { id: 'streamlens', secret: 'geheim:+/ 1', subject: 'admin', validForS: 4 };
    const endpoint = await startTokenEndpoint(client);
    const log = new KafkaEventLog(oauthSettings(endpoint.url, client.secret));
    try {
      await assertKeeps(log, 'by a token');
      assert.deepEqual(
        [endpoint.forms[0]?.get('grant_type'), endpoint.forms[0]?.get('scope')],
        ['client_credentials', 'llm'],
      );
      assert.equal(endpoint.forms.length, 1, 'all connections share a token');
      await until(
        'the token was renewed twice',
        async () => {
          // Some are always on their way when a session ends.
          const record = { topic: TOPICS.requests, key: 'k', value: Buffer.from('meanwhile') };
          await Promise.all(Array.from({ length: 40 }, () => log.append([record])));
          return endpoint.forms.length >= 3;
        },
        30_000,
      );
      await assertKeeps(log, 'by the third token');
    } finally {
      await log.close();
      await endpoint.close();
    }
  });

  test('a client that the token endpoint refuses is told so, and one that the endpoint leaves alone too', async () => {
    const endpoint = await startTokenEndpoint({ id: 'streamlens', secret: 'right', subject: 'admin', validForS: 60 });
    const refused = /token endpoint .* refuses the client: invalid_client, who are you\?/;
    await assertFails(oauthSettings(endpoint.url, 'hunter2'), 'setting-refused', refused);
    await endpoint.close();
    await assertFails(oauthSettings(endpoint.url, 'right'), 'unavailable', /cannot be asked .*ECONNREFUSED/);
  });

  test('a token that the broker refuses is called so', async () => {
    const environment = { KAFKA_SASL_MECHANISM: 'OAUTHBEARER', KAFKA_OAUTH_TOKEN: 'hunter2' };
    await assertFails(settingsFrom(environment), 'setting-refused', /refused the credentials/);
  });

  test('for MSK a token signed by AWS credentials is sent, and without credentials that is told', async () => {
    const environment = { KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM', AWS_REGION: 'eu-west-1' };
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
    // This broker is none of Amazon's: it looks at the token and refuses it.
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'hunter2' });
    await assertFails(settingsFrom(environment), 'setting-refused', /refused the credentials/);
    const nowhere = { AWS_EC2_METADATA_DISABLED: 'true', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    Object.assign(process.env, { ...nowhere, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    await assertFails(settingsFrom(environment), 'unavailable', /no AWS credentials were found/);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: id ?? '', AWS_SECRET_ACCESS_KEY: secret ?? '' });
  });

  /** As a process gets them from its environment. */
  function settingsFrom(environment: Readonly<Record<string, string>>): KafkaSettings {
    const env = { KAFKA_TLS: 'true', KAFKA_TLS_CA: join(directory, 'certificate.pem'), ...environment };
    return kafkaSettings(readSettings('ingestion-api', { flags: {}, env }), [kafka.bootstrap]);
  }

  function oauthSettings(endpoint: string, secret: string): KafkaSettings {
    const secretFile = join(directory, 'client-secret');
    writeFileSync(secretFile, `${secret}\n`);
    return settingsFrom({
      KAFKA_SASL_MECHANISM: 'OAUTHBEARER',
      KAFKA_OAUTH_TOKEN_ENDPOINT: endpoint,
      KAFKA_OAUTH_CLIENT_ID: 'streamlens',
      KAFKA_OAUTH_CLIENT_SECRET_FILE: secretFile,
      KAFKA_OAUTH_SCOPE: 'llm',
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

/** What is appended can be read. */
async function assertKeeps(log: KafkaEventLog, text: string): Promise<void> {
  const earlier = await log.bounds(TOPICS.requests);
  await log.append([{ topic: TOPICS.requests, key: 'k', value: Buffer.from(text) }]);
  const wanted = earlier.map(({ partition, end }) => ({ topic: TOPICS.requests, partition, offset: end }));
  const slices = await log.poll(wanted, { bytesMax: 10_000, waitMs: 5_000 });
  const values = slices.flatMap((slice) =>
    Array.from(slice.records, (record) => Buffer.from(record.value ?? []).toString()),
  );
  assert.deepEqual(values, [text]);
}

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
