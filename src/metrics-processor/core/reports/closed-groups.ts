import type { OpenTrace } from '../../../reports/open-trace.ts';

/**
 * Where the reports of closed traces lie that were told of at more than one time, each with all it was linked to.
 *
 * What is remembered of a span owes something to all reports of its group, such as the tenant that the root named, or a
 * copy in another trace. A restart that reads back the last of these alone would remember something else, so a
 * checkpoint lists the others. Most traces are told of in one go and are not here.
 */
export class ClosedGroups {
  /** By the slice of log time in which they began. */
  readonly #bySlice = new Map<number, GroupList>();
  /** Those that began before all that anybody asks for, and reach into it. */
  #reaching = new GroupList();

  close(traces: readonly Pick<OpenTrace, 'reports' | 'lastMs'>[]): void {
    const lastMs = Math.max(...traces.map((trace) => trace.lastMs));
    let firstMs = lastMs;
    for (const { reports } of traces) {
      for (const { loggedAtMs, bookedMs } of reports) firstMs = Math.min(firstMs, loggedAtMs, bookedMs);
    }
    if (firstMs === lastMs) return;
    const reports = traces.flatMap((trace) => trace.reports);
    const places = new Set(reports.flatMap(({ place, bookedPlace }) => [place, bookedPlace]));
    const slice = Math.floor(firstMs / SLICE_MS);
    let ofSlice = this.#bySlice.get(slice);
    if (ofSlice === undefined) this.#bySlice.set(slice, (ofSlice = new GroupList()));
    ofSlice.push({ firstMs, lastMs, places });
  }

  /** Nobody asks for places around an instant before this one. */
  forgetBefore(fromMs: number): void {
    const passed = [...this.#bySlice.keys()].filter((slice) => (slice + 1) * SLICE_MS <= fromMs);
    if (passed.length === 0 && this.#reaching.isEmpty) return;
    const reaching = new GroupList();
    for (const list of [this.#reaching, ...passed.map((slice) => this.#bySlice.get(slice) as GroupList)]) {
      for (const group of list.groups()) if (group.lastMs >= fromMs) reaching.push(group);
    }
    this.#reaching = reaching;
    for (const slice of passed) this.#bySlice.delete(slice);
  }

  /** Places of all reports of the groups that began before an instant and went on until then or later. */
  placesAround(fromMs: number): number[] {
    const begun = [...this.#bySlice].filter(([slice]) => slice * SLICE_MS < fromMs).map(([, list]) => list);
    const places: number[] = [];
    for (const list of [this.#reaching, ...begun]) {
      for (const group of list.groups()) {
        if (group.firstMs < fromMs && group.lastMs >= fromMs) for (const place of group.places) places.push(place);
      }
    }
    return places;
  }
}

interface Group {
  /** In log time. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly places: Iterable<number>;
}

const SLICE_MS = 1000;
/** How many places a group has, and its times. */
const HEAD_LENGTH = 3;
const LIST_MIN = 32;

/** One behind the other in one array, which the garbage collector does not walk through. */
class GroupList {
  #numbers = new Float64Array(LIST_MIN);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  push({ firstMs, lastMs, places }: Group): void {
    const head = this.#length;
    this.#append(0);
    this.#append(firstMs);
    this.#append(lastMs);
    for (const place of places) this.#append(place);
    this.#numbers[head] = this.#length - head - HEAD_LENGTH;
  }

  *groups(): Iterable<Group> {
    for (let at = 0; at < this.#length; ) {
      const [count, firstMs, lastMs] = this.#numbers.subarray(at, (at += HEAD_LENGTH)) as unknown as number[];
      const places = this.#numbers.subarray(at, (at += count as number));
      yield { firstMs: firstMs as number, lastMs: lastMs as number, places };
    }
  }

  #append(number: number): void {
    if (this.#length === this.#numbers.length) {
      const longer = new Float64Array(this.#length * 2);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#length++] = number;
  }
}
