/** The one of `names` that differs from `name` in the fewest letters; null where none is alike. */
export function nearestName(name: string, names: readonly string[]): string | null {
  const wanted = normal(name.slice(0, NAME_LENGTH_MAX));
  let nearest: string | null = null;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of names) {
    const other = normal(candidate);
    const isPart = wanted.length >= PART_LENGTH_MIN && (other.includes(wanted) || wanted.includes(other));
    const edits = editsBetween(wanted, other);
    const isAlike = edits <= Math.max(2, Math.floor(other.length / 3)) && edits < Math.max(wanted.length, other.length);
    if ((isPart || isAlike) && edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/** Nobody means a parameter with a name of more letters. */
const NAME_LENGTH_MAX = 64;

/** `tenant` stands for `tenant_id`, but `id` for nothing in particular. */
const PART_LENGTH_MIN = 4;

/** `tenantId` and `tenant-id` are spellings of `tenant_id`. */
function normal(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** How many letters must be put in, taken out, replaced or swapped with their neighbour. */
function editsBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length] ?? 0;
}
