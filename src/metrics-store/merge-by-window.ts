/** Rows of several streams, each in window order, as one stream in window order. All end with it, wherever it ends. */
export function* mergeByWindow<T>(
  streams: readonly Iterable<T>[],
  order: 'asc' | 'desc',
  startOf: (row: T) => number,
): Iterable<T> {
  const iterators = streams.map((stream) => stream[Symbol.iterator]());
  try {
    const heads = iterators.map((iterator) => iterator.next());
    for (;;) {
      let best = -1;
      let bestStart = 0;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        const start = startOf(head.value);
        const isNext = best < 0 || (order === 'asc' ? start < bestStart : start > bestStart);
        if (isNext) [best, bestStart] = [index, start];
      }
      const head = heads[best];
      const iterator = iterators[best];
      if (head === undefined || iterator === undefined || head.done === true) return;
      yield head.value;
      heads[best] = iterator.next();
    }
  } finally {
    for (const iterator of iterators) iterator.return?.();
  }
}
