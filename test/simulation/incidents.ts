import type { Fleet } from './fleet.ts';
import type { IncidentKind } from './plan.ts';
import type { Senders } from './senders.ts';
import type { World } from './world.ts';

/** Lets things go wrong at random instants until `untilMs`. */
export function scheduleIncidents(world: World, actors: { fleet: Fleet; senders: Senders }, untilMs: number): void {
  const { scheduler, chance, plan } = world;
  if (plan.incidentRate === 0) return;
  const meanMs = 1000 / plan.incidentRate / 3;
  const next = (): void => {
    const inMs = Math.ceil(-Math.log(1 - chance.fraction()) * meanMs);
    if (scheduler.nowMs + inMs >= untilMs) return;
    scheduler.after(inMs, () => {
      incident(world, actors);
      next();
    });
  };
  next();
}

function incident(world: World, { fleet, senders }: { fleet: Fleet; senders: Senders }): void {
  const { chance, plan } = world;
  const jumpMs = chance.pick([-3_600_000, -5000, -300, 300, 5000, 3_600_000]);
  const kinds: Readonly<Record<IncidentKind, () => void>> = {
    crash: () => fleet.crashOne(),
    freeze: () => fleet.freezeOne(),
    stop: () => fleet.stopOne(),
    rescale: () => fleet.rescale(),
    'sender crash': () => senders.crashOne(),
    'clock jump': () => fleet.jumpClock(jumpMs),
    // While nobody knows yet in which partitions an id lies, the stamps must order its records.
    'broker clock jump': () => (plan.growth === null ? world.jumpBrokerClock(jumpMs) : fleet.jumpClock(jumpMs)),
    'store outage': () => outage(world, 'isStoreDown'),
    'log outage': () => outage(world, 'isLogDown'),
    'take-over': () => void world.takeOver(chance.int(0, plan.partitionCount - 1)),
  };
  kinds[chance.pick(plan.incidents)]();
}

function outage(world: World, which: 'isStoreDown' | 'isLogDown'): void {
  world.trace(which);
  world[which] = true;
  world.scheduler.after(world.chance.int(50, 6000), () => {
    world[which] = false;
  });
}
