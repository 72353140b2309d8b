/**
 * What a table has of its own under a word from outside. A plain look-up would find `constructor` and `__proto__` in
 * every table, which are nothing that anybody put there.
 */
export function ownValue<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
