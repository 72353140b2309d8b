import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Where the time of a `.cpuprofile` goes: `npm run bench -- read-profile FILE [count]`. Prints the functions with the most time of
 * their own, and those under which the most time passed. A profile of any question: `BENCH_CPU_PROF=DIR npm run bench -- drain`.
 */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

const [file = '', count = '40'] = process.argv.slice(2);
const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const parents = new Map(
  profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)),
);

const ownUs = new Map<string, number>();
const underUs = new Map<string, number>();
let totalUs = 0;
for (const [i, id] of profile.samples.entries()) {
  const us = profile.timeDeltas[i] ?? 0;
  const name = nameOf(id);
  if (name.startsWith('(idle)')) continue;
  totalUs += us;
  ownUs.set(name, (ownUs.get(name) ?? 0) + us);
  const onStack = new Set<string>();
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) onStack.add(nameOf(at));
  for (const each of onStack) underUs.set(each, (underUs.get(each) ?? 0) + us);
}

function nameOf(id: number): string {
  const frame = nodes.get(id)?.callFrame;
  if (frame === undefined) return '?';
  const place = frame.url === '' ? '' : ` ${basename(frame.url)}:${frame.lineNumber + 1}`;
  return `${frame.functionName || '(anonymous)'}${place}`;
}

function print(title: string, times: ReadonlyMap<string, number>): void {
  console.log(`\n${title}, of ${(totalUs / 1e6).toFixed(1)} s that were not idle`);
  const sorted = [...times].sort((a, b) => b[1] - a[1]).slice(0, Number(count));
  for (const [name, us] of sorted) console.log(`${((us / totalUs) * 100).toFixed(1).padStart(6)} %  ${name}`);
}

print('Own time', ownUs);
print('Time under', underUs);
