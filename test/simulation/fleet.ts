import { publishChanges } from '../../src/metrics-processor/outbox.ts';
import { Processor } from '../../src/metrics-processor/processor.ts';
import type { MetricsStore } from '../../src/metrics-store/metrics-store.ts';
import { FaultyLog } from './faulty-log.ts';
import { FaultyStore } from './faulty-store.ts';
import { Host } from './host.ts';
import { LISTED_PRICES } from './price-table.ts';
import { GROWTH_SLACK_MS, type World } from './world.ts';

interface Member {
  readonly host: Host;
  readonly log: FaultyLog;
  readonly processor: Processor;
  hasEnded: boolean;
}

/** How often a process looks for rows to publish. */
const PUBLISH_MS = 300;

/** The processors of the group, with a supervisor that starts another where one has ended. */
export class Fleet {
  readonly #world: World;
  readonly #members: Member[] = [];
  #started = 0;
  #sizeWanted: number;

  constructor(world: World) {
    this.#world = world;
    this.#sizeWanted = world.plan.processorCount;
    for (let i = 0; i < this.#sizeWanted; i++) this.#start();
  }

  get waitingCount(): number {
    return this.#members.reduce((sum, { processor }) => sum + processor.waitingCount, 0);
  }

  /** Dies between two effects; the broker finds out after a while. */
  crashOne(): void {
    const member = this.#takeOne();
    if (member === undefined) return;
    this.#world.trace(`${member.host.name} crashes`);
    member.host.crash();
    this.#replace(member, this.#world.chance.int(0, 2000));
  }

  /** Stands still so long that the group gives it up, then goes on as if nothing had happened. */
  freezeOne(): void {
    const member = this.#takeOne();
    if (member === undefined) return;
    const { chance, scheduler } = this.#world;
    const ms = chance.int(50, 3000);
    this.#world.trace(`${member.host.name} freezes for ${ms}`);
    member.host.pause(ms);
    const expiresInMs = chance.int(0, 4000);
    scheduler.after(expiresInMs, () => member.log.expireSession(chance.chance(0.5)));
    // The operator finds it in the end.
    scheduler.after(expiresInMs + ms + chance.int(0, 4000), () => this.#stopGracefully(member));
    this.#startLater(chance.int(0, 1000));
  }

  stopOne(): void {
    const member = this.#takeOne();
    if (member === undefined) return;
    this.#stopGracefully(member);
    this.#startLater(this.#world.chance.int(0, 1500));
  }

  /** One more or one fewer, as an autoscaler would. */
  rescale(): void {
    const { chance } = this.#world;
    if (chance.chance(0.5)) {
      this.#sizeWanted++;
      this.#start();
    } else if (this.#sizeWanted > 1) {
      this.#sizeWanted--;
      const member = this.#takeOne();
      if (member !== undefined) this.#stopGracefully(member);
    }
  }

  jumpClock(ms: number): void {
    if (this.#members.length === 0) return;
    const { host } = this.#world.chance.pick(this.#members);
    this.#world.trace(`the clock of ${host.name} jumps by ${ms}`);
    host.clockOffsetMs += ms;
  }

  /** Ends the chaos: whoever is frozen goes on, and at least one processor is alive. */
  settle(): void {
    for (const { host } of this.#members) host.wake();
    if (this.#members.length === 0) this.#start();
  }

  #takeOne(): Member | undefined {
    if (this.#members.length === 0) return undefined;
    return this.#members.splice(this.#world.chance.int(0, this.#members.length - 1), 1)[0];
  }

  #stopGracefully(member: Member): void {
    if (member.hasEnded) return;
    this.#world.trace(`${member.host.name} is told to stop`);
    member.processor.stop();
    // It has some seconds to finish; then it is killed.
    this.#world.scheduler.after(10_000, () => {
      if (!member.hasEnded) member.host.crash();
      member.log.expireSession(false);
    });
  }

  #replace(member: Member, afterMs: number): void {
    this.#world.scheduler.after(afterMs, () => member.log.expireSession(false));
    this.#startLater(this.#world.chance.int(0, 1500));
  }

  #startLater(ms: number): void {
    this.#world.scheduler.after(ms, () => {
      if (this.#members.length < this.#sizeWanted) this.#start();
    });
  }

  #start(): void {
    const { plan } = this.#world;
    const host = new Host(this.#world, `processor-${this.#started++}`);
    const log = new FaultyLog(this.#world, host);
    const store = new FaultyStore(this.#world, host) as unknown as MetricsStore;
    const { joinTimeoutMs, dedupHorizonMs, pendingMax, callsPerSecondMax, commitIntervalMs, pollBytesMax } = plan;
    const { traceHorizonMs, awakeReportsMax } = plan;
    const horizons = { joinTimeoutMs, dedupHorizonMs, traceHorizonMs, awakeReportsMax };
    const limits = { ...horizons, pendingMax, callsPerSecondMax, commitIntervalMs, pollBytesMax };
    const processor = new Processor(
      {
        ...limits,
        pendingBytesMax: pendingMax < 1000 ? 3000 : 100_000_000,
        logTimeSlackMs: plan.growth === null ? 0 : GROWTH_SLACK_MS,
        fingerprintSeed: 7,
        dimensions: { names: plan.dimensions, areMinutesKept: plan.areDimensionMinutesKept, textsMin: 4 },
        pace: this.#pace(),
      },
      { log, store, runtime: host.runtime(), events: this.#events(host), prices: () => LISTED_PRICES },
    );
    const member: Member = { host, log, processor, hasEnded: false };
    this.#members.push(member);
    this.#world.trace(`${host.name} starts`);
    processor.run().then(
      () => this.#ended(member, null),
      (error: Error) => this.#ended(member, error),
    );
    void this.#publish(member, { log, store });
  }

  /** A process that ends by itself is started again, as any supervisor does. */
  #ended(member: Member, error: Error | null): void {
    member.hasEnded = true;
    this.#world.trace(`${member.host.name} ends: ${error?.message ?? 'as asked'}`);
    if (error !== null && !isExpected(error)) this.#world.monitor.failure ??= error;
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    this.#replace(member, 0);
  }

  async #publish(member: Member, ports: { log: FaultyLog; store: MetricsStore }): Promise<void> {
    while (!member.hasEnded && !member.host.isCrashed) {
      await this.#world.scheduler.sleep(PUBLISH_MS);
      await publishChanges(ports, { published() {} }).catch(() => undefined);
    }
  }

  #pace() {
    const { replayRecordsMax, replayPerWaiting, effectRecordsMax } = this.#world.plan;
    const checkpoints = { replayRecordsMax, replayPerWaiting };
    const bounds = { effectCallsMax: effectRecordsMax, effectRecordsMax };
    const steps = { heartbeatMs: 1000, sealStepMs: 100, aheadMsMax: 500, restAheadMsMax: 500, growthCheckMs: 300 };
    return { ...steps, ...checkpoints, ...bounds, backlogAgeMs: 200, backlogCommitMs: 300 };
  }

  #events(host: Host) {
    const { world, bound } = { world: this.#world, bound: 2 * this.#world.plan.pendingMax };
    return {
      recovered: (partition: number, fact: { recordsRead: number }) =>
        world.trace(`${host.name} recovered p${partition} reading ${fact.recordsRead}`),
      folded() {},
      committed: (_: number, { waiting }: { waiting: number }) => {
        // Halves of calls and evaluations have the bound each.
        if (waiting > bound) world.monitor.failure ??= new Error(`${waiting} records wait, more than ${bound}`);
      },
      groupCommitted() {},
      fenced: (partition: number) => world.trace(`${host.name} fenced p${partition}`),
      retrying: (what: string) => world.trace(`${host.name} retries ${what}`),
      revoked() {},
      fellowEnded() {},
      published() {},
    };
  }
}

function isExpected(error: Error): boolean {
  return error.message === 'The session expired' || error.message.includes('could not give its partitions back');
}
