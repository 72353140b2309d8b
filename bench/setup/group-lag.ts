import { Admin } from '@platformatic/kafka';
import { TOPICS } from '../../src/events/topics.ts';
import { PARTITIONS } from './services.ts';

/** Asks the broker how far a consumer group has come, as the usual lag tools do. */
export class GroupLag {
  readonly #admin: Admin;
  readonly #group: string;

  constructor(bootstrap: string, group: string) {
    this.#admin = new Admin({ clientId: 'bench-lag', bootstrapBrokers: [bootstrap] });
    this.#group = group;
  }

  /** Records of both input topics that the group has committed. */
  async committed(): Promise<number> {
    const partitionIndexes = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const topics = [TOPICS.requests, TOPICS.responses].map((name) => ({ name, partitionIndexes }));
    const groups = await this.#admin.listConsumerGroupOffsets({ groups: [{ groupId: this.#group, topics }] });
    const offsets = groups.flatMap((group) => group.topics.flatMap((topic) => topic.partitions));
    return offsets.reduce((sum, { committedOffset }) => sum + Math.max(0, Number(committedOffset)), 0);
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }
}
