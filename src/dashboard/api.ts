/** Why a question was not answered. Only an unreachable API is worth asking again by itself. */
export type Obstacle = 'unreachable' | 'unauthorized' | 'refused' | 'absent';

export class ApiError extends Error {
  readonly obstacle: Obstacle;

  constructor(obstacle: Obstacle, message: string, options?: ErrorOptions) {
    super(message, options);
    this.obstacle = obstacle;
  }
}

export type Parameters = Readonly<Record<string, string | number | null | undefined>>;

export interface Api {
  /** @throws {ApiError}, or the signal's reason */
  get<T>(path: string, parameters: Parameters, signal: AbortSignal): Promise<T>;
  /** The bytes of an endless answer. @throws as `get` */
  stream(path: string, request: StreamRequest): Promise<ReadableStream<Uint8Array>>;
}

export interface StreamRequest {
  readonly parameters: Parameters;
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
}

/** A server that does not answer at all must not look like one that is still thinking. */
const ANSWER_MS_MAX = 20_000;

/** Who asks is told by a cookie that the browser sends along, see `session.ts`. */
export function createApi(): Api {
  const ask = async (url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(url, { headers, signal, cache: 'no-store' });
    } catch (error) {
      if (signal.aborted && (signal.reason as Error | undefined)?.name !== 'TimeoutError') throw error;
      throw new ApiError('unreachable', `There is no answer from ${location.host}`, { cause: error });
    }
    if (response.ok) return response;
    throw new ApiError(obstacleOf(response.status), await problemText(response));
  };
  return {
    async get<T>(path: string, parameters: Parameters, signal: AbortSignal): Promise<T> {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
      const response = await ask(urlOf(path, parameters), { accept: 'application/json' }, limited);
      return (await response.json()) as T;
    },
    async stream(path, { parameters, lastEventId, signal }) {
      const resume: Record<string, string> = lastEventId === null ? {} : { 'last-event-id': lastEventId };
      const response = await ask(urlOf(path, parameters), { accept: 'text/event-stream', ...resume }, signal);
      if (response.body === null) throw new ApiError('unreachable', 'The stream has no body');
      return response.body;
    },
  };
}

function urlOf(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value != null) query.set(name, String(value));
  return `${path}?${query}`;
}

function obstacleOf(status: number): Obstacle {
  if (status === 401) return 'unauthorized';
  if (status === 404) return 'absent';
  return status >= 500 || status === 429 || status === 408 ? 'unreachable' : 'refused';
}

/** The server's own words (RFC 9457) about what went wrong; a proxy in between may answer with a page instead. */
export async function problemText(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail?: unknown };
    if (typeof detail === 'string') return detail;
  } catch {
    // Falls through.
  }
  return `The metrics API answers ${response.status}`;
}
