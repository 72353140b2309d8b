/** Whether a promise is fulfilled once everything has run that waits for nothing. */
export function hasEnded(promise: Promise<void>): Promise<boolean> {
  const settled = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([promise.then(() => true), settled]);
}
