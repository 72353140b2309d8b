import type { CallFacts } from './call.ts';
import { textFrom } from './dialects/span-reader.ts';
import type { Classification } from './is-call.ts';
import type { OtlpResource, OtlpSpan } from './trace-export.ts';

/** A span that may be a call, while its duplicates are being looked for. */
export interface Candidate extends Classification {
  readonly span: OtlpSpan;
  readonly facts: CallFacts;
  /** When the call began and how long it took; another span may know it better than its own. */
  readonly startMs: number;
  readonly durationMs: number | null;
  /** The spans folded into this one, itself first. */
  readonly members: readonly OtlpSpan[];
}

/** A span that was not counted because another one stands for its call, and by which rule. */
export interface Folded {
  readonly span: OtlpSpan;
  readonly into: string;
  readonly rule: string;
}

/** `<trace id>-<span id>`: what the contract calls the request id. */
export function requestIdOf(span: OtlpSpan): string {
  return `${span.traceId}-${span.spanId}`;
}

/** What tells two processes apart. A tracer provider may add attributes of its own, so not all are compared. */
const PROCESS_KEYS = ['service.name', 'service.instance.id', 'host.name', 'process.pid'] as const;

/** The resource keys read here, to be kept by the decoder. */
export const RESOURCE_KEYS: readonly string[] = PROCESS_KEYS;

/** Equal for the spans of one process, however many tracer providers it runs. */
export function processKeyOf({ attributes }: OtlpResource): string {
  return PROCESS_KEYS.map((key) => textFrom(attributes.get(key)) ?? '').join('\n');
}
