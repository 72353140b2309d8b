import { uptime } from 'node:os';

/** Where time comes from; tests bring their own. */
export interface ClockSource {
  /** The machine's clock, in ms since the epoch. A person or NTP may set it to anything at any moment. */
  readonly wallMs: () => number;
  /** Time that has passed since some moment, sleep of the machine included. Nobody can set it. */
  readonly elapsedMs: () => number;
}

/**
 * `uptime` and not `performance.now`: it goes on while the machine sleeps, so that waking up is no jump, and all
 * threads see the same. It takes 20 µs.
 */
export const MACHINE_CLOCK: ClockSource = { wallMs: Date.now, elapsedMs: () => uptime() * 1000 };

/** A step of so much is followed at once: NTP makes such steps, and no timeout is as short. */
export const FOLLOWED_MS_MAX = 60_000;
/**
 * A longer one, up to this, is believed when it has lasted. Beyond it nobody but a person can say which time is right.
 */
export const BELIEVED_MS_MAX = 3_600_000;
/**
 * How long a step has to last before it is believed. A clock that was set wrongly is often set right again within
 * minutes.
 */
export const BELIEVED_AFTER_MS = 10 * 60_000;
/** A machine that lost its clock starts long before this; whatever it is set to then is nearer to the truth. */
const LOST_BEFORE_MS = Date.UTC(2025, 0, 1);
/** How far the wall clock may go on before it is looked at against the time that has passed. */
const LOOK_AGAIN_MS = 1000;

/**
 * The machine's clock, whose jumps are judged against the time that has really passed. At the start it is taken at its
 * word. Afterwards small steps are followed, long ones are not, until they have lasted:
 *
 *     step                 what happens
 *     up to 1 min          followed at once
 *     up to 1 h            followed when it has lasted 10 min; until then time goes on as it would have
 *     more                 never followed; `jumpMs` says how far the clocks differ, and a restart takes the new time
 *
 * The state lies in memory that all threads of a process share, so that they judge alike. Two threads that write it at
 * the same moment write the same.
 */
export class CheckedClock {
  readonly shared: SharedArrayBuffer;
  readonly #slots: BigInt64Array;
  readonly #source: ClockSource;
  /** The wall clock at the last look, and whether it was believed. */
  #lookedMs = Number.NaN;

  constructor(shared?: SharedArrayBuffer, source: ClockSource = MACHINE_CLOCK) {
    this.shared = shared ?? new SharedArrayBuffer(SLOT_COUNT * BigInt64Array.BYTES_PER_ELEMENT);
    this.#slots = new BigInt64Array(this.shared);
    this.#source = source;
    if (shared === undefined) this.#set(OFFSET, Math.round(source.wallMs() - source.elapsedMs()));
  }

  /** Now, in whole ms since the epoch. */
  nowMs(): number {
    const wallMs = this.#source.wallMs();
    const sinceLookMs = wallMs - this.#lookedMs;
    if (sinceLookMs >= 0 && sinceLookMs < LOOK_AGAIN_MS && this.#get(JUMP_SINCE) === 0) return wallMs;
    return this.#look(wallMs);
  }

  /**
   * How far the machine's clock is ahead of the time that is believed (negative: behind); 0 while it is believed
   * itself.
   */
  jumpMs(): number {
    const wallMs = this.#source.wallMs();
    const jumpMs = wallMs - this.#look(wallMs);
    return Math.abs(jumpMs) <= FOLLOWED_MS_MAX ? 0 : jumpMs;
  }

  /** Time that has passed, see `ClockSource`. */
  elapsedMs(): number {
    return this.#source.elapsedMs();
  }

  #look(wallMs: number): number {
    const elapsedMs = Math.round(this.#source.elapsedMs());
    const offsetMs = Math.round(wallMs - elapsedMs);
    const believedMs = this.#get(OFFSET);
    if (Math.abs(offsetMs - believedMs) <= FOLLOWED_MS_MAX || this.#isBelieved(offsetMs, elapsedMs)) {
      this.#set(OFFSET, offsetMs);
      this.#set(JUMP_SINCE, 0);
      this.#lookedMs = wallMs;
      return wallMs;
    }
    return believedMs + elapsedMs;
  }

  #isBelieved(offsetMs: number, elapsedMs: number): boolean {
    const stepMs = offsetMs - this.#get(OFFSET);
    if (stepMs > 0 && this.#get(OFFSET) + elapsedMs < LOST_BEFORE_MS) return true;
    const isAnother = Math.abs(offsetMs - this.#get(JUMPED_TO)) > FOLLOWED_MS_MAX;
    if (this.#get(JUMP_SINCE) === 0 || isAnother) {
      this.#set(JUMPED_TO, offsetMs);
      this.#set(JUMP_SINCE, Math.max(1, elapsedMs));
      return false;
    }
    return Math.abs(stepMs) <= BELIEVED_MS_MAX && elapsedMs - this.#get(JUMP_SINCE) >= BELIEVED_AFTER_MS;
  }

  #get(slot: number): number {
    return Number(Atomics.load(this.#slots, slot));
  }

  #set(slot: number, value: number): void {
    Atomics.store(this.#slots, slot, BigInt(value));
  }
}

/** The believed time less the time that has passed. */
const OFFSET = 0;
/** When the present jump was seen first, in elapsed time; 0 without one. */
const JUMP_SINCE = 1;
/** What `OFFSET` would be if the jump were believed. */
const JUMPED_TO = 2;
const SLOT_COUNT = 3;
