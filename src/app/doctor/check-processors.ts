import type { RunningProcessor } from '../../metrics-store/processors.ts';
import { broken, type Finding, note, ok } from './finding.ts';

/** They tell every 20 s. */
const SILENT_MS_MAX = 60_000;

/**
 * Compares what the processors of one store say of how they count. Who counts a call is decided by who has its
 * partition, so where they differ the numbers depend on that.
 */
export function checkProcessors(processors: readonly RunningProcessor[], nowMs: number): readonly Finding[] {
  const running = processors.filter(({ seenAtMs }) => nowMs - seenAtMs <= SILENT_MS_MAX);
  if (running.length < 2) return [];
  const names = new Set(running.flatMap(({ settings }) => Object.keys(settings)));
  const findings = [...names].flatMap((name) => checkSetting(name, running));
  if (findings.length > 0) return findings;
  return [ok('processors', `all ${running.length} count by the same settings: ${placesOf(running)}`)];
}

function checkSetting(name: string, running: readonly RunningProcessor[]): readonly Finding[] {
  const byValue = Map.groupBy(running, ({ settings }) => settings[name] ?? 'nothing');
  if (byValue.size === 1) return [];
  const values = Array.from(byValue, ([value, those]) => `${value} on ${placesOf(those)}`).join('; ');
  if (name === 'version') return [note('processors', `they are of several versions: ${values}; finish the upgrade`)];
  const text = `it differs between processors: ${values}. Numbers depend on which of them reads a partition; set it alike`;
  return [broken(name, `${text} (one that was killed is still seen for a minute)`)];
}

function placesOf(processors: readonly RunningProcessor[]): string {
  return processors.map(({ place }) => place).join(', ');
}
