/**
 * A processor that is running, as it told the store itself: for people who look for what differs between processors.
 * Nothing that is counted depends on it.
 */
export interface RunningProcessor {
  /** Of this run of it; a restart has another one. */
  readonly id: string;
  /** Where it runs, for people. */
  readonly place: string;
  /** When it told so last, by its own clock. */
  readonly seenAtMs: number;
  /** What bears on what it counts, by the name of the setting; no secrets. */
  readonly settings: Readonly<Record<string, string>>;
}

/** One that told nothing for so long is forgotten when another one tells. */
export const PROCESSOR_KEPT_MS = 3_600_000;

export function encodeProcessorSettings(settings: RunningProcessor['settings']): string {
  return JSON.stringify(settings);
}

export function decodeProcessorSettings(text: string): RunningProcessor['settings'] {
  return JSON.parse(text) as RunningProcessor['settings'];
}
