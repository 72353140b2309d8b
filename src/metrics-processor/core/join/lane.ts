/**
 * One partition of those whose calls are joined together.
 *
 * When a topic grows from B to a multiple of B partitions, Kafka's partitioner sends a key from partition p to one of
 * p, p + B, p + 2B, …: so the halves of one call, or a request and its repetition, may lie in different partitions
 * from then on. They still have their number modulo B in common. Hence the unit of joining is that number (the
 * shard, numbered like the partition that it began with), and the partitions that share it are its lanes.
 */
export const LANES_MAX = 64;

/** A place in one topic of a shard: lane and offset in one number, exact up to offset 2^47. */
export function placeOf(lane: number, offset: number): number {
  return offset * LANES_MAX + lane;
}

export function laneOf(place: number): number {
  return place % LANES_MAX;
}

export function offsetOf(place: number): number {
  return Math.floor(place / LANES_MAX);
}
