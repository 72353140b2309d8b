/** The items in an order that the random numbers decide: the same for the same seed. */
export function shuffled<T>(items: readonly T[], random: { next(): number }): readonly T[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
