import { Tally } from '../../src/tally/tally.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A window's sums of so many answered calls. */
export function makeTally(random: SeededRandom, calls: number): Tally {
  const tally = new Tally();
  for (let i = 0; i < calls; i++) {
    const latencyMs = Math.round(random.logNormal(800, 0.8));
    tally.requests++;
    tally.completed++;
    tally.latencyUsSum += latencyMs * 1000;
    tally.latencyUsMax = Math.max(tally.latencyUsMax, latencyMs * 1000);
    tally.promptTokens += 500;
    tally.promptTokensKnown++;
    tally.completionTokens += 200;
    tally.completionTokensKnown++;
    tally.costPicoUsd.addProduct(700, 150_000);
    tally.latency.record(latencyMs);
  }
  return tally;
}
