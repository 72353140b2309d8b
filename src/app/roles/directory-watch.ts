import { stat, statfs } from 'node:fs/promises';
import type { Dependency } from '../../http/health-routes.ts';
import type { Logger } from '../../http/logger.ts';

const LOOK_EVERY_MS = 5000;
/** With less, the next batch of events may not fit. */
const FREE_BYTES_MIN = 4 * 1024 * 1024;

/** Notices when the data directory is deleted or replaced under a running process, and when its disk is full. */
export class DirectoryWatch {
  readonly dependency: Dependency;
  readonly #paths: readonly string[];
  readonly #logger: Logger;
  readonly #ids = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #loggedReason = '';

  /** @param paths the directory, and files in it that are open for as long as the process lives */
  constructor(paths: readonly string[], logger: Logger) {
    this.#paths = paths;
    this.#logger = logger;
    this.dependency = { name: 'data directory', check: () => this.#check() };
  }

  /** Remembers what is there now, and looks from time to time. */
  async start(): Promise<void> {
    for (const path of this.#paths) this.#ids.set(path, await idOf(path));
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  /** Tells the log when something is wrong, once, and when it is right again. */
  async look(): Promise<void> {
    const reason = await this.#check().then(
      () => '',
      (error: Error) => error.message,
    );
    if (reason !== '' && reason !== this.#loggedReason) this.#logger.error(reason);
    if (reason === '' && this.#loggedReason !== '') this.#logger.info('The data directory is right again');
    this.#loggedReason = reason;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    for (const [path, known] of this.#ids) {
      const id = await idOf(path);
      // A file that its thread has not made yet is known from when it is there.
      if (known === '') this.#ids.set(path, id);
      if (known === '' || known === id) continue;
      throw new Error(
        `${path} was deleted or replaced while StreamLens runs: what arrives now is lost at its end. Stop it, restore a backup, start it again`,
      );
    }
    const [directory = ''] = this.#paths;
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < FREE_BYTES_MIN) {
      throw new Error(`The disk of ${directory} is full; free some space, StreamLens goes on by itself`);
    }
  }
}

/** What a path leads to; '' where there is nothing. */
async function idOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return '';
  }
}
