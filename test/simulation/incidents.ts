import type { Fleet } from './fleet.ts';
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
  const { chance } = world;
  const jumpMs = chance.pick([-3_600_000, -5000, -300, 300, 5000, 3_600_000]);
  const kinds: readonly (() => void)[] = [
    () => fleet.crashOne(),
    () => fleet.crashOne(),
    () => fleet.freezeOne(),
    () => fleet.freezeOne(),
    () => fleet.stopOne(),
    () => fleet.rescale(),
    () => senders.crashOne(),
    () => fleet.jumpClock(jumpMs),
    () => world.jumpBrokerClock(jumpMs),
    () => outage(world, 'isStoreDown'),
    () => outage(world, 'isStoreDown'),
    () => outage(world, 'isLogDown'),
    () => void world.takeOver(chance.int(0, world.plan.partitionCount - 1)),
    () => void world.takeOver(chance.int(0, world.plan.partitionCount - 1)),
  ];
  chance.pick(kinds)();
}

function outage(world: World, which: 'isStoreDown' | 'isLogDown'): void {
  world.trace(which);
  world[which] = true;
  world.scheduler.after(world.chance.int(50, 6000), () => {
    world[which] = false;
  });
}
