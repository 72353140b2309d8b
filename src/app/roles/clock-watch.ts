import { Gauge, Registry } from 'prom-client';
import { BELIEVED_AFTER_MS, BELIEVED_MS_MAX } from '../../clock/checked-clock.ts';
import type { LogClock } from '../../event-log/sqlite/log-clock.ts';
import type { Dependency } from '../../http/health-routes.ts';
import type { Logger } from '../../http/logger.ts';
import { showDuration } from '../../settings/setting-kinds.ts';

const LOOK_EVERY_MS = 1000;
/** A log that is less ahead catches up within minutes. */
const AHEAD_MS_WORTH_TELLING = 60_000;

type WatchedClock = Pick<LogClock, 'jumpMs' | 'aheadMs'>;

/**
 * Tells when the machine's clock jumps, and when the log is ahead of it: in the log, in `/metrics` and, beyond an hour,
 * in `/ready`.
 */
export class ClockWatch {
  readonly registry = new Registry();
  readonly dependency: Dependency;
  readonly #clock: WatchedClock;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #isJumpLogged = false;
  #isAheadLogged = false;

  constructor(clock: WatchedClock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.dependency = { name: 'clock', check: async () => this.#check() };
    const gauges = [
      gauge({
        name: 'streamlens_clock_jump_seconds',
        help: "How far the machine's clock has jumped ahead (or back, negative) and is not believed; 0 otherwise",
        readMs: () => clock.jumpMs(),
      }),
      gauge({
        name: 'streamlens_log_time_ahead_seconds',
        help: 'How far the time of the embedded log is ahead of the clock; it goes on at half the pace until it is 0',
        readMs: () => clock.aheadMs(),
      }),
    ];
    for (const each of gauges) this.registry.registerMetric(each);
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    this.look();
  }

  /** Once per change. */
  look(): void {
    const [jumpMs, aheadMs] = [this.#clock.jumpMs(), this.#clock.aheadMs()];
    if (jumpMs !== 0 && !this.#isJumpLogged) this.#logger.warn({ jumpMs }, jumpSentence(jumpMs));
    if (jumpMs === 0 && this.#isJumpLogged) this.#logger.info("The machine's clock is believed again");
    this.#isJumpLogged = jumpMs !== 0;
    const isAhead = aheadMs > AHEAD_MS_WORTH_TELLING;
    if (isAhead && !this.#isAheadLogged) this.#logger.warn({ aheadMs }, aheadSentence(aheadMs));
    if (aheadMs === 0 && this.#isAheadLogged) this.#logger.info('The clock has caught up with the log');
    this.#isAheadLogged = isAhead || (this.#isAheadLogged && aheadMs > 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    this.look();
    const [jumpMs, aheadMs] = [this.#clock.jumpMs(), this.#clock.aheadMs()];
    if (Math.abs(jumpMs) > BELIEVED_MS_MAX) throw new Error(jumpSentence(jumpMs));
    if (aheadMs > BELIEVED_MS_MAX) throw new Error(aheadSentence(aheadMs));
  }
}

function gauge({ name, help, readMs }: { name: string; help: string; readMs: () => number }): Gauge {
  return new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(readMs() / 1000);
    },
  });
}

function jumpSentence(jumpMs: number): string {
  const what = `The machine's clock was set ${inWords(jumpMs)} ${jumpMs > 0 ? 'ahead' : 'back'} while StreamLens ran`;
  return Math.abs(jumpMs) > BELIEVED_MS_MAX
    ? `${what} and is not followed; set it right, or restart StreamLens if the new time is right`
    : `${what}; it is followed when that has lasted ${showDuration(BELIEVED_AFTER_MS)}`;
}

function aheadSentence(aheadMs: number): string {
  const what = `The event log is ${inWords(aheadMs)} ahead of the machine's clock; its time goes on at half the pace`;
  return aheadMs > BELIEVED_MS_MAX
    ? `${what}. Set the clock right; if it is, stop StreamLens and run "streamlens log restamp"`
    : what;
}

/** To two units, such as `1h 5m` or `365d`. */
function inWords(ms: number): string {
  let left = Math.round(Math.abs(ms) / 1000);
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;
