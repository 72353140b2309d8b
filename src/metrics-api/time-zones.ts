import { invalidQuery } from '../http/invalid-query.ts';
import { TimeZone } from '../tally/time-zone.ts';

/** Zones with their offsets that are kept; there are some 400 names, and nobody lives in all of them. */
const ZONES_MAX = 50;

/** The zones that were asked for last. */
export class TimeZones {
  readonly #zones = new Map<string, TimeZone>();

  /** @throws {Problem} 400 when there is no such zone */
  get(name: string): TimeZone {
    const zone = this.#zones.get(name) ?? openZone(name);
    this.#zones.delete(name);
    this.#zones.set(name, zone);
    if (this.#zones.size > ZONES_MAX) {
      for (const oldest of this.#zones.keys()) {
        this.#zones.delete(oldest);
        break;
      }
    }
    return zone;
  }
}

function openZone(name: string): TimeZone {
  try {
    return new TimeZone(name);
  } catch {
    const message = 'must be a time zone of the IANA database, such as America/New_York';
    throw invalidQuery([{ path: '/timezone', message }]);
  }
}
