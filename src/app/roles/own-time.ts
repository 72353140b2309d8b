const TICK_MS = 100;

/**
 * Waits for an answer from outside, at most so long. Time in which this thread itself was busy does not count: what
 * came meanwhile is read before the next tick.
 *
 * @throws what `answer` throws, and when it takes longer
 */
export async function inOwnTime<T>(what: string, answer: Promise<T>, msMax: number): Promise<T> {
  let ticksLeft = Math.ceil(msMax / TICK_MS);
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (--ticksLeft === 0) reject(new Error(`${what}: no answer within ${msMax} ms`));
    }, TICK_MS);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearInterval(timer);
  }
}
