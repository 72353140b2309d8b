import type { CallFacts } from '../call.ts';
import type { OtlpSpan } from '../decode/trace-export.ts';
import type { Classification } from '../dialects/classification.ts';
import type { SpanReader } from '../dialects/span-reader.ts';

/** A span that may be a call, while its duplicates are being looked for. */
export interface Candidate extends Classification {
  /** As `requestIdOf` makes it, once. */
  readonly id: string;
  readonly span: OtlpSpan;
  readonly reader: SpanReader;
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
