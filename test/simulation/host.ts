import type { Runtime } from '../../src/metrics-processor/runtime.ts';
import type { World } from './world.ts';

/** Never resolves: what a crashed process waits for. */
function forever(): Promise<never> {
  return new Promise(() => {});
}

/**
 * One process on one machine with a clock of its own. All its dealings with the world go through here, so
 * it can stop between any two of them: for ever (a crash) or for a while (a zombie to be).
 */
export class Host {
  readonly name: string;
  isCrashed = false;
  /** What the machine's clock shows beyond virtual time. */
  clockOffsetMs = 0;
  readonly #world: World;
  #pausedUntilMs = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  get isPaused(): boolean {
    return this.#pausedUntilMs > this.#world.scheduler.nowMs;
  }

  crash(): void {
    this.isCrashed = true;
  }

  pause(ms: number): void {
    this.#pausedUntilMs = this.#world.scheduler.nowMs + ms;
  }

  wake(): void {
    this.#pausedUntilMs = 0;
  }

  /** Lets `ms` pass, and then as long as the process is stopped. */
  async pass(ms: number): Promise<void> {
    if (ms > 0) await this.#world.scheduler.sleep(ms);
    while (this.isPaused) await this.#world.scheduler.sleep(7);
    if (this.isCrashed) await forever();
  }

  /** The network's way: what was sent arrives even if the sender died meanwhile, except where chance has it lost. */
  async send(): Promise<void> {
    const { scheduler, chance } = this.#world;
    await this.pass(0);
    const ms = this.#world.latencyMs();
    if (ms > 0) await scheduler.sleep(ms);
    if (this.isCrashed && chance.chance(0.5)) await forever();
    if (this.isCrashed) await scheduler.sleep(chance.int(0, 3000));
  }

  runtime(): Runtime {
    const { scheduler } = this.#world;
    return {
      nowMs: () => this.#world.plan.epochMs + scheduler.nowMs + this.clockOffsetMs,
      sleep: async (ms, signal) => {
        await scheduler.sleep(ms, signal);
        await this.pass(0);
      },
      newToken: () => this.#world.newToken(this.name),
    };
  }
}
