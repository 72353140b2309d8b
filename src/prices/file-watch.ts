import { stat } from 'node:fs/promises';

export interface FileWatch {
  /** Looks now. Never rejects. */
  check(): Promise<void>;
  stop(): void;
}

export interface FileWatchOptions<T> {
  readonly path: string;
  readonly load: (path: string) => Promise<T>;
  readonly onChange: (value: T) => void;
  readonly onError: (error: Error) => void;
  readonly pollMs?: number;
}

/**
 * Tells when a file changes. It looks at the file's time and size every two seconds: `fs.watch` misses changes on
 * network and container mounts and the renames by which editors and Kubernetes replace files.
 *
 * A file read while it is being written is either invalid, which is reported, or changes again, which is seen at the
 * next look. The first look always reads, so a change since the file was read before is not lost.
 */
export function watchFile<T>({ path, load, onChange, onError, pollMs = 2000 }: FileWatchOptions<T>): FileWatch {
  let seen = '';
  let checking: Promise<void> | null = null;
  let stopped = false;

  const look = async (): Promise<void> => {
    // Before reading: a change during the read differs from this and is read at the next look.
    const version = await fileVersion(path);
    if (version === seen || stopped) return;
    seen = version;
    try {
      const value = await load(path);
      if (!stopped) onChange(value);
    } catch (error) {
      if (!stopped) onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const check = (): Promise<void> => {
    checking ??= look().finally(() => {
      checking = null;
    });
    return checking;
  };
  const timer = setInterval(() => void check(), pollMs);
  timer.unref();
  return {
    check,
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

async function fileVersion(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs} ${size} ${ino}`;
  } catch {
    return 'unreadable';
  }
}
