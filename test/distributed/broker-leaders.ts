import { Admin } from '@platformatic/kafka';
import { INPUT_TOPICS } from '../../src/events/topics.ts';
import { until } from './pipeline/until.ts';

const WITHIN_MS = 60_000;

interface Partition {
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** Waits until no partition of the input topics is led by this broker: the others have given it up. */
export async function ledByOthers(bootstrap: string, brokerId: number): Promise<void> {
  const holds = ({ leader, isr }: Partition) => leader >= 0 && leader !== brokerId && !isr.includes(brokerId);
  await everyPartition(bootstrap, `broker ${brokerId} leads nothing`, holds);
}

/**
 * Waits until each partition has all its replicas. A broker that is back answers before they have caught up, and
 * killing the next one then would be two faults.
 */
export async function allInSync(bootstrap: string): Promise<void> {
  const holds = ({ leader, isr, replicas }: Partition) => leader >= 0 && isr.length === replicas.length;
  await everyPartition(bootstrap, 'all replicas are in sync', holds);
}

async function everyPartition(
  bootstrap: string,
  what: string,
  holds: (partition: Partition) => boolean,
): Promise<void> {
  const options = { clientId: 'broker-leaders', bootstrapBrokers: bootstrap.split(','), retries: 0, timeout: 5000 };
  const admin = new Admin({ ...options, connectTimeout: 2000 });
  try {
    await until(
      what,
      async () => {
        const metadata = await admin.metadata({ topics: [...INPUT_TOPICS], forceUpdate: true }).catch(() => null);
        if (metadata === null) return false;
        const topics = INPUT_TOPICS.map((topic) => metadata.topics.get(topic)?.partitions ?? []);
        return topics.every((partitions) => partitions.length > 0 && partitions.every(holds));
      },
      WITHIN_MS,
    );
  } finally {
    await admin.close();
  }
}
