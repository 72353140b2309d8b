/**
 * Key and value of a record, copied out of the batch that the log read: what waits for minutes would keep the whole
 * batch (up to 1 MB) in memory with it.
 */
export function ownBytes({ key, value }: { readonly key: Uint8Array; readonly value: Uint8Array }) {
  return { key: Uint8Array.from(key), value: Uint8Array.from(value) };
}
