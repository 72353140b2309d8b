import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Admin } from '@platformatic/kafka';
import { availableServices, skipWithout } from '../../../scripts/services/available-services.ts';
import { TOPICS } from '../../../src/events/topics.ts';
import { Cluster } from './cluster.ts';
import { until } from './until.ts';

const skip = skipWithout(await availableServices(), ['kafka', 'postgres']);
const PASSWORD = 'correct-horse';
const WRONG = 'battery-staple';
const SASL = {
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
  KAFKA_SASL_USERNAME: 'admin',
  KAFKA_SASL_PASSWORD: PASSWORD,
};
const END_MS_MAX = 90_000;

/** What a setting says is refused: exit code 2, as for a value that cannot be read. */
const wrong = (env: Record<string, string>) => ({ env, code: 2 });

suite('A role that cannot work says in one sentence what to do', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ brokers: 1, processors: 0, ingestionApis: 0, sasl: ['admin', PASSWORD] });
  });
  after(() => cluster?.stop());

  const assertSays = async (
    command: string,
    { env, code }: { env: Record<string, string>; code: number },
    says: RegExp,
  ): Promise<void> => {
    const role = await cluster.role(command, { ...SASL, LOG_LEVEL: 'error', ...env });
    role.start();
    await until(`${command} ends`, async () => !role.isRunning, END_MS_MAX);
    assert.equal((await role.ended()).code, code, role.log);
    const lines = role.log.trim().split('\n');
    assert.equal(lines.length, 1, role.log);
    assert.match(role.log, says);
    assert.ok(!role.log.includes(WRONG) && !role.log.includes(PASSWORD), 'no secret is told');
  };

  for (const command of ['metrics-processor', 'topics create']) {
    test(`${command}: Kafka refuses the password`, () =>
      assertSays(command, wrong({ KAFKA_SASL_PASSWORD: WRONG }), /refused the credentials.*user name and password/));
  }

  for (const command of ['metrics-processor', 'metrics-api', 'migrate', 'up']) {
    test(`${command}: Postgres refuses the password`, () => {
      const dsn = new URL(cluster.postgres.dsn);
      dsn.password = WRONG;
      return assertSays(
        command,
        wrong({ POSTGRES_DSN: dsn.href }),
        /refuses the user or the password; check POSTGRES_DSN/,
      );
    });
  }

  test('metrics-api: the database does not exist', () => {
    const dsn = new URL(cluster.postgres.dsn);
    dsn.pathname = '/nowhere';
    return assertSays('metrics-api', wrong({ POSTGRES_DSN: dsn.href }), /database does not exist; create it/);
  });

  // The last two change the topics for good.
  test('metrics-processor: the input topics have unequal partition counts', async () => {
    await asAdmin(cluster, (admin) => admin.deleteTopics({ topics: [TOPICS.responses] }));
    await asAdmin(cluster, (admin) => admin.createTopics({ topics: [TOPICS.responses], partitions: 3, replicas: 1 }));
    await assertSays(
      'metrics-processor',
      { env: {}, code: 1 },
      /llm\.requests has 6, llm\.responses has 3.*streamlens topics create/,
    );
  });

  test('metrics-processor: a topic is missing', async () => {
    await asAdmin(cluster, (admin) => admin.deleteTopics({ topics: [TOPICS.responses] }));
    await assertSays(
      'metrics-processor',
      { env: {}, code: 1 },
      /llm\.responses.*missing\. Run `streamlens topics create`/,
    );
  });
});

async function asAdmin(cluster: Cluster, work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const sasl = { mechanism: 'SCRAM-SHA-256' as const, username: 'admin', password: PASSWORD };
  const admin = new Admin({ clientId: 'errors', bootstrapBrokers: [cluster.kafka.bootstrap], sasl, retries: 10 });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}
