/** The rows that `bench/query.ts` asks for: 100,000, of ten series of each of ten tenants in a thousand minutes. */
export const TENANTS = 10;
const SERIES_PER_TENANT = 10;
export const SERIES = TENANTS * SERIES_PER_TENANT;
export const MINUTES = 1000;
/** Rows in an answer unless more are asked for: six minutes of a tenant. */
export const LIMIT = 60;
export const MINUTES_IN_ANSWER = LIMIT / SERIES_PER_TENANT;

const MINUTE_MS = 60_000;
const CALLS_PER_ROW = 30;

export interface QueryRow {
  readonly tenant: string;
  readonly route: string;
  readonly startMs: number;
  readonly requests: number;
}

export class QueryRows {
  readonly newestMs: number;

  constructor(nowMs: number) {
    this.newestMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  }

  *all(): Generator<QueryRow> {
    for (let minute = 0; minute < MINUTES; minute++) {
      for (let series = 0; series < SERIES; series++) yield this.row(series, minute);
    }
  }

  /** `minute` counts backwards from the newest. */
  row(series: number, minute: number): QueryRow {
    const [tenant, route] = [`tenant-${series % TENANTS}`, `route-${Math.floor(series / TENANTS)}`];
    return { tenant, route, startMs: this.startMs(minute), requests: requestsOf(series, minute) };
  }

  startMs(minute: number): number {
    return this.newestMs - minute * MINUTE_MS;
  }

  /** Requests in an answer whose newest minute is this one. */
  requestsInAnswer(tenant: number, newestMinute: number): number {
    let sum = 0;
    for (let minute = newestMinute; minute < newestMinute + MINUTES_IN_ANSWER; minute++) {
      for (let i = 0; i < SERIES_PER_TENANT; i++) sum += requestsOf(i * TENANTS + tenant, minute);
    }
    return sum;
  }
}

/** Any function of the row's place will do. */
const requestsOf = (series: number, minute: number): number => CALLS_PER_ROW + ((series * 7 + minute) % 5);
