import { drawPlan, growing, type Plan } from './plan.ts';
import { Random } from './random.ts';

/**
 * What happens in few schedules, so that a bug that shows in nothing else is caught by luck alone: by another seed
 * whenever anything else is drawn. A schedule that is asked for one of these always has it; all else is as drawn.
 */
const SITUATIONS = {
  growth: (plan, random) => grown(plan, random),
  // When the first processor has begun and others are about to, before anything is counted.
  'growth at the start': (plan, random) => ({
    ...grown(plan, random),
    growth: { atMs: 0, partitionCount: plan.partitionCount * 2 },
    processorCount: 3,
    latencyMsMax: 200,
  }),
  'clocks set back': () => ({ incidentRate: 1, incidents: ['clock jump'] }),
  'crashes at the bound': (_, random) => ({
    growth: null,
    pendingMax: random.int(1, 6),
    replayRecordsMax: 20,
    ...PROCESSORS_COME_AND_GO,
  }),
  'ids of several tenants': () => ({ growth: null, sharedIdsMin: 40 }),
  'malformed records before restarts': () => ({
    malformedRate: 1,
    replayRecordsMax: 1,
    replayPerWaiting: 0,
    ...PROCESSORS_COME_AND_GO,
  }),
  'traces closed meanwhile': (_, random) => ({
    growth: null,
    traceCount: 40,
    traceHorizonMs: random.int(2, 30) * 100,
  }),
  'stops while the store is away': () => ({ incidentRate: 1, incidents: ['store outage', 'stop', 'rescale'] }),
} as const satisfies Readonly<Record<string, (plan: Plan, random: Random) => Partial<Plan>>>;

export type Situation = keyof typeof SITUATIONS;

const PROCESSORS_COME_AND_GO = { processorCount: 3, incidentRate: 1, incidents: ['crash', 'stop', 'rescale'] } as const;

/** The plan of a seed in which this happens for sure. */
export function planOf(seed: number, situation: Situation | null): Plan {
  const plan = drawPlan(seed);
  return situation === null ? plan : { ...plan, ...SITUATIONS[situation](plan, new Random(seed, 12)) };
}

/** @throws where there is no such situation */
export function situationNamed(name: string): Situation {
  if (Object.hasOwn(SITUATIONS, name)) return name as Situation;
  throw new Error(`No situation is named "${name}", but ${Object.keys(SITUATIONS).join(', ')}`);
}

function grown(plan: Plan, random: Random): Plan {
  return plan.growth === null ? growing(plan, random) : plan;
}
