import type { FieldError } from '../events/event-validator.ts';

/** A limit of so many units a second, what is left of it, and the seconds until there is more. */
export interface RateLimitState {
  readonly name: string;
  readonly unit: 'events' | 'bytes';
  readonly perSecond: number;
  readonly remaining: number;
  readonly resetS: number;
}

/** An answer of RFC 9457. Thrown by handlers; what it says is fit for the sender. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly errors: readonly FieldError[];
  /** Seconds after which to try again: for 429 and 503. */
  readonly retryAfterS: number | undefined;
  readonly rateLimit: RateLimitState | undefined;

  constructor(
    status: ProblemStatus,
    detail: string,
    more: { errors?: readonly FieldError[]; retryAfterS?: number; rateLimit?: RateLimitState } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.title = TITLES[status];
    this.errors = more.errors ?? [];
    this.retryAfterS = more.retryAfterS;
    this.rateLimit = more.rateLimit;
  }

  toJson(): string {
    return JSON.stringify({
      type: 'about:blank',
      title: this.title,
      status: this.status,
      detail: this.message,
      ...(this.errors.length > 0 ? { errors: this.errors } : {}),
    });
  }
}

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

export type ProblemStatus = keyof typeof TITLES;

export function isProblemStatus(status: number): status is ProblemStatus {
  return status in TITLES;
}
