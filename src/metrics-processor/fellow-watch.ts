import type { NamedMember } from '../event-log/event-log.ts';
import type { Roster, RosterLook } from '../metrics-store/roster.ts';
import type { ProcessorEvents } from './processor-events.ts';
import type { Runtime } from './runtime.ts';

export interface FellowWatchPorts {
  readonly roster: Roster;
  readonly runtime: Runtime;
  readonly events: Pick<ProcessorEvents, 'fellowEnded'>;
}

const LOOK_EVERY_MS = 400;
/** A member whose connection alone broke has opened another one by then: it looks several times meanwhile. */
const GONE_MS = 1_000;
/** So long after connections broke that may have been everybody's, they are there again. */
const SETTLED_MS = 10_000;
/** A stop does not wait longer for a store that is away. */
const LEAVE_MS_MAX = 500;

/**
 * Keeps this member on the roster, and tells the group which of the others have ended: their partitions are then taken
 * over within seconds, where their sessions would last for most of a minute.
 *
 *     killed → the kernel closes its connections → it is gone from the roster for a second → the group is told
 *
 * A pause (garbage collection, a frozen machine) closes no connection, so it costs nobody the membership. Where this
 * member's own connection broke, or the server has just started, nobody is judged for a while: all of them may be on
 * their way back. Behind a pool that changes connections that is always so, and sessions decide as ever.
 */
export class FellowWatch {
  readonly #member: NamedMember;
  readonly #ports: FellowWatchPorts;
  #sight: string | null = null;
  /** Nobody is judged before. */
  #judgesFromMs = Number.NEGATIVE_INFINITY;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  /** Who is gone, and at which look that was first seen. */
  #goneSinceMs: ReadonlyMap<string, number> = new Map();
  #ids = '';

  constructor(member: NamedMember, ports: FellowWatchPorts) {
    this.#member = member;
    this.#ports = ports;
  }

  /** Until `signal` is aborted; then it leaves the roster. A store that is away is asked again. */
  async run(signal: AbortSignal): Promise<void> {
    const { roster, runtime } = this.#ports;
    while (!signal.aborted) {
      try {
        await this.#judge(await roster.look(this.#member.id));
      } catch {
        // Whoever was gone may have come back unseen.
        this.#goneSinceMs = new Map();
      }
      await runtime.sleep(LOOK_EVERY_MS, signal);
    }
    const left = new AbortController();
    const leaving = roster.remove(this.#member.id).catch(() => undefined);
    await Promise.race([leaving, runtime.sleep(LEAVE_MS_MAX, left.signal)]);
    left.abort();
  }

  async #judge(look: RosterLook): Promise<void> {
    const nowMs = this.#ports.runtime.nowMs();
    this.#notice(look, nowMs);
    const gone = look.others.filter(({ isGone }) => isGone);
    this.#goneSinceMs = new Map(gone.map(({ id }) => [id, this.#goneSinceMs.get(id) ?? nowMs]));
    const isJudge = look.serverUptimeMs >= SETTLED_MS && nowMs >= this.#judgesFromMs;
    for (const [id, sinceMs] of this.#goneSinceMs) if (isJudge && nowMs - sinceMs >= GONE_MS) await this.#expel(id);
    // Somebody came or left: partitions may move, which one learns only by asking.
    const ids = look.others.map(({ id }) => id).join();
    if (ids !== this.#ids) this.#member.hurry();
    this.#ids = ids;
  }

  /** Whether this member has seen without a break who was there. */
  #notice({ sight }: RosterLook, nowMs: number): void {
    const sinceMs = nowMs - this.#lastLookMs;
    const isBroken = this.#sight !== null && sight !== this.#sight;
    // A clock that was set back, or a process that was frozen itself, has not seen what happened meanwhile.
    const wasAway = this.#sight !== null && !(sinceMs >= 0 && sinceMs < SETTLED_MS);
    if (isBroken || wasAway) {
      this.#judgesFromMs = nowMs + SETTLED_MS;
      this.#goneSinceMs = new Map();
    }
    this.#sight = sight;
    this.#lastLookMs = nowMs;
  }

  async #expel(id: string): Promise<void> {
    const { roster, events } = this.#ports;
    await this.#member.expel(id);
    events.fellowEnded(id);
    this.#member.hurry();
    await roster.remove(id);
  }
}
