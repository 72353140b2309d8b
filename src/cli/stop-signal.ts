/** The first Ctrl-C lets the batch that is under way be answered; the second ends the program. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
      process.stdin.destroy();
    });
  }
  return stop.signal;
}
