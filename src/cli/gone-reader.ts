/**
 * Who reads the output may go before it is all said, as `head` does, and whoever started a server in a pipe. What is
 * being done goes on then, since a replay that stopped in the middle would be worse; what it says is said to nobody.
 */
export function goOnWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (!isReaderGone(error)) throw error;
    });
  }
}

/** An output that ends with its reader, such as an export, ends so. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
