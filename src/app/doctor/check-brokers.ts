import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ClusterReport, TopicRights } from '../../event-log/kafka/inspect-cluster.ts';
import { INPUT_TOPICS, type Topic } from '../../events/topics.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { kafkaSettings } from '../open/open-log.ts';
import { checkExpiry } from './check-certificates.ts';
import { broken, type Finding, note, ok } from './finding.ts';

const CONNECT_MS_MAX = 3_000;

/** The brokers as they advertise themselves, their certificates, and what this user may do with each topic. */
export async function checkBrokers(
  settings: SettingsOf<'doctor'>,
  brokers: readonly string[],
  nowMs: number,
): Promise<readonly Finding[]> {
  const { inspectCluster } = await import('../../event-log/kafka/inspect-cluster.ts');
  const report = await inspectCluster(kafkaSettings(settings, brokers));
  const reached = await Promise.all(report.brokers.map((each) => checkBroker(each, settings, nowMs)));
  const rights = checkRights(report.rights);
  // Without topics nothing is known of rights, and asking for the group would make Kafka's own topic for groups.
  if (report.rights.size === 0) return reached.flat();
  const { mayJoinGroup } = await import('../../event-log/kafka/inspect-group.ts');
  const { consumerGroup } = settings;
  const mayJoin = await mayJoinGroup(kafkaSettings(settings, brokers), consumerGroup);
  return [...reached.flat(), ...rights, ...checkGroup(consumerGroup, mayJoin, report.rights)];
}

type Broker = ClusterReport['brokers'][number];

async function checkBroker(broker: Broker, settings: SettingsOf<'doctor'>, nowMs: number): Promise<readonly Finding[]> {
  const what = `broker ${broker.id}`;
  const address = `${broker.host}:${broker.port}`;
  try {
    const expiresAt = await reach(broker, settings.kafkaTls);
    const findings = [ok(what, `its advertised address ${address} is reached from here`)];
    return expiresAt === null ? findings : [...findings, checkExpiry(`certificate of ${what}`, expiresAt, nowMs)];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return [unreachable(what, address, { reason: code ?? message, bootstrap: settings.kafkaBrokers ?? [] })];
  }
}

export function unreachable(
  what: string,
  address: string,
  { reason, bootstrap }: { readonly reason: string; readonly bootstrap: readonly string[] },
): Finding {
  const asked = bootstrap.includes(address) ? '' : `, although ${bootstrap.join(',')} in KAFKA_BROKERS answers`;
  return broken(
    what,
    `it advertises ${address}, which cannot be reached from here (${reason})${asked}: events can be neither written nor read. Set advertised.listeners of the broker to an address that this machine knows, or make that one known here`,
  );
}

/** When the certificate ends that was shown, or null without TLS. Whether it is trusted is the log's own check. */
async function reach({ host, port }: Broker, hasTls: boolean): Promise<string | null> {
  const server = isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket | TLSSocket = hasTls
    ? connectTls({ host, port, ...server, rejectUnauthorized: false })
    : connectTcp({ host, port });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(CONNECT_MS_MAX, () => reject(new Error('no answer')));
      socket.once(hasTls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return 'getPeerCertificate' in socket ? socket.getPeerCertificate().valid_to : null;
  } finally {
    socket.destroy();
  }
}

/** Processors share the partitions among the members of a group; nobody else needs it. */
export function checkGroup(
  group: string,
  mayJoin: boolean | null,
  rights: ReadonlyMap<Topic, TopicRights>,
): readonly Finding[] {
  const what = `group ${group}`;
  if (mayJoin === null) return [];
  if (mayJoin) return [ok(what, 'this user may join the consumer group')];
  const text = 'this user may not join the consumer group, so processors get no partitions; grant it READ on the group';
  const readsNothing = !INPUT_TOPICS.some((topic) => rights.get(topic)?.read === true);
  return [readsNothing ? note(what, `${text}. Ingestion needs none`) : broken(what, text)];
}

/** What roles need: ingestion writes events, processors read them and write rows and dead letters. */
export function checkRights(rights: ReadonlyMap<Topic, TopicRights>): readonly Finding[] {
  const findings = Array.from(rights, ([topic, { read, write, describe }]) => {
    const what = `rights on ${topic}`;
    if (!describe) return broken(what, 'this user may not see the topic; grant it DESCRIBE, and READ and WRITE');
    const isInput = INPUT_TOPICS.some((input) => input === topic);
    if (!write && !(isInput && read)) return broken(what, 'this user may not write there; grant it WRITE');
    if (!write)
      return note(what, 'this user may read and not write: enough for processors alone; ingestion needs WRITE');
    if (isInput && !read)
      return note(what, 'this user may write and not read: enough for ingestion alone; processors need READ');
    return null;
  }).filter((finding) => finding !== null);
  if (rights.size === 0 || findings.length > 0) return findings;
  return [ok('rights', `this user may use all ${rights.size} topics as it has to`)];
}
