import { setFlagsFromString } from 'node:v8';
import { type MessagePort, parentPort, type Transferable, Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Calls between a thread and the one that started it. Values cross by structured clone; errors keep their class by
 * name, code and message only, so the caller says how to make them whole again.
 *
 * Written here because the libraries for it leave a call waiting for ever when the thread dies.
 */
interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  /** Something that comes before the answer. */
  readonly part?: unknown;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly onPart?: ((part: never) => void) | undefined;
}

/** `tell` sends what is there before the answer is. */
export type Handlers = Readonly<Record<string, (argument: never, tell: (part: unknown) => void) => unknown>>;

/** The id of a thread's first message, which says that calls may come. */
const READY = 0;

/** Inside a thread: answers calls until the port closes. */
export function serveCalls(handlers: Handlers, port: MessagePort | null = parentPort): void {
  if (port === null) throw new Error('This module runs in a worker thread only');
  port.on('message', (call: Call) => void answer(port, handlers, call));
  port.postMessage({ id: READY });
}

/** Calls to a thread that serves the other end of `port`; it need not have begun to. */
export function callsTo(port: MessagePort): Callable {
  const calls = new Calls(port);
  port.on('close', () => calls.fail(new Error('The thread that answers has ended')));
  return calls;
}

/** Whoever answers calls. */
export interface Callable {
  /** @throws when the handler throws, or the thread ends before it answers */
  call<T>(method: string, argument: unknown, options?: CallOptions): Promise<T>;
}

export interface CallOptions {
  readonly transfer?: readonly Transferable[];
  /** Given what the thread tells before it answers. */
  readonly onPart?: ((part: never) => void) | undefined;
}

/** A thread that answers calls. @throws what its module throws while it loads */
export class CallableThread implements Callable {
  readonly #worker: Worker;
  readonly #calls: Calls;
  readonly #exited: Promise<void>;
  #thrown: Error | null = null;

  private constructor(url: URL, options: WorkerOptions) {
    // What the launcher says of young objects is for the main thread; it would win over the limits of this one.
    setFlagsFromString('--max-semi-space-size=0');
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB_MAX };
    this.#worker = new Worker(url, { resourceLimits, ...options });
    this.#calls = new Calls(this.#worker);
    this.#worker.on('error', (error) => {
      this.#thrown ??= error as Error;
      this.#calls.fail(this.#thrown);
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#calls.fail(new Error(`The ${options.name} thread ended with code ${code}`));
        resolve();
      });
    });
  }

  /** Resolves when the thread has said that it is ready. */
  static async start(url: URL, options: WorkerOptions): Promise<CallableThread> {
    const thread = new CallableThread(url, options);
    await thread.#calls.ready();
    return thread;
  }

  call<T>(method: string, argument: unknown, options: CallOptions = {}): Promise<T> {
    return this.#calls.call(method, argument, options);
  }

  /** Called once when the thread ends without having been asked to, also where it has ended already. */
  onFailure(listener: (error: Error) => void): void {
    if (this.#thrown !== null) listener(this.#thrown);
    else this.#worker.once('error', (error) => listener(error as Error));
  }

  /** Asks the thread to stop its work by its `stop` handler, then ends it. */
  async stop(): Promise<void> {
    await this.call('stop', null).catch(() => undefined);
    await this.#worker.terminate();
    await this.#exited;
  }
}

/**
 * V8 divides it by three: two halves, and one for large objects. By itself it takes 48 MB, or more on a large machine.
 */
const YOUNG_GENERATION_MB_MAX = 12;

/** Calls under way, on any port. */
class Calls implements Callable {
  readonly #port: MessagePort | Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = READY + 1;
  #failure: Error | null = null;

  constructor(port: MessagePort | Worker) {
    this.#port = port;
    port.on('message', (message: Answer) => this.#settle(message));
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.set(READY, { resolve, reject }));
  }

  call<T>(method: string, argument: unknown, { transfer = [], onPart }: CallOptions = {}): Promise<T> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onPart });
      this.#port.postMessage({ id, method, argument } satisfies Call, transfer);
    });
  }

  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  #settle({ id, value, error, part }: Answer): void {
    const waiting = this.#waiting.get(id);
    if (part !== undefined) {
      waiting?.onPart?.(part as never);
      return;
    }
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value as never);
    else waiting?.reject(Object.assign(new Error(error.message), { name: error.name, code: error.code }));
  }
}

/**
 * The module of a thread, named from the root of the sources. This file lies one folder below that root, in a checkout
 * (`src/threads/*.ts`) as in a build, where it is in a chunk or an entry (`dist/chunks/*.js`, `dist/cli/*.js`).
 */
export function threadUrl(module: string): URL {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`../${module}${ending}`, import.meta.url);
}

async function answer(port: MessagePort, handlers: Handlers, { id, method, argument }: Call): Promise<void> {
  try {
    const handler = handlers[method];
    if (handler === undefined) throw new Error(`The thread has no handler "${method}"`);
    const tell = (part: unknown): void => port.postMessage({ id, part } satisfies Answer);
    port.postMessage({ id, value: await handler(argument as never, tell) } satisfies Answer);
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    port.postMessage({ id, error: { name, message, ...(code === undefined ? {} : { code }) } } satisfies Answer);
  }
}
