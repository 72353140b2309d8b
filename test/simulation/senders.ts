import type { NewRecord } from '../../src/event-log/event-log.ts';
import { AppendQueue } from '../../src/ingestion-api/append-queue.ts';
import { FaultyLog } from './faulty-log.ts';
import { Host } from './host.ts';
import type { Sending } from './traffic.ts';
import type { World } from './world.ts';

const TRIES_MAX = 6;
const PATIENCE_MS = 2500;

interface Node {
  readonly host: Host;
  readonly queue: AppendQueue;
}

/** Ingestion processes with real append queues, and senders that try again until they are answered or tired. */
export class Senders {
  /** What was answered 202: it must be in the log, whatever crashes. */
  readonly acknowledged: NewRecord[] = [];
  /** Sendings that are not settled yet. */
  pending = 0;
  readonly #world: World;
  readonly #nodes: Node[];
  #started = 0;

  constructor(world: World) {
    this.#world = world;
    this.#nodes = Array.from({ length: world.plan.ingestionCount }, () => this.#start());
  }

  schedule(sendings: readonly Sending[]): void {
    this.pending = sendings.length;
    for (const { atMs, records } of sendings) {
      this.#world.scheduler.after(atMs, () => {
        void this.#send(records).finally(() => this.pending--);
      });
    }
  }

  /** A process dies with what was in its queue; another takes its place. */
  crashOne(): void {
    const index = this.#world.chance.int(0, this.#nodes.length - 1);
    const node = this.#nodes[index] as Node;
    this.#world.trace(`${node.host.name} crashes`);
    node.host.crash();
    this.#nodes[index] = this.#start();
  }

  #start(): Node {
    const { plan, scheduler } = this.#world;
    const host = new Host(this.#world, `ingestion-${this.#started++}`);
    const options = {
      queueBytesMax: plan.queueBytesMax,
      appendBytesMax: 1000,
      appendsInFlightMax: 1 + (this.#started % 2),
      appendTimeoutMs: plan.appendTimeoutMs,
      timing: {
        nowMs: () => scheduler.nowMs,
        soon: (action: () => void) => void scheduler.after(0, action),
        after: (ms: number, action: () => void) => scheduler.after(ms, action),
      },
    };
    const queue = new AppendQueue(new FaultyLog(this.#world, host), options, { appended() {}, failed() {} });
    return { host, queue };
  }

  async #send(records: readonly NewRecord[]): Promise<void> {
    const { scheduler, chance } = this.#world;
    for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
      const { host, queue } = chance.pick(this.#nodes);
      const outcome = await Promise.race([
        queue.add(records).then(
          () => 'accepted',
          (error: Error) => error.message,
        ),
        scheduler.sleep(PATIENCE_MS).then(() => 'no answer'),
      ]);
      this.#world.trace(`${records[0]?.topic} ${records[0]?.key} x${records.length} to ${host.name}: ${outcome}`);
      if (outcome === 'accepted') {
        this.acknowledged.push(...records);
        return;
      }
      await scheduler.sleep(chance.int(1, 200) * attempt);
    }
  }
}
