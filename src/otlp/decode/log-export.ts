import type { Attributes, OtlpResource, OtlpScope } from './trace-export.ts';

/** One ExportLogsServiceRequest after decoding. Attributes hold only keys that some part of StreamLens reads. */
export interface LogExport {
  readonly logs: readonly OtlpLog[];
}

export interface OtlpLog {
  /** 32 lower-case hex digits; empty where the record was written outside of any span. */
  readonly traceId: string;
  /** The id of the span that was open when the record was written. */
  readonly spanId: string;
  /** By its attribute, its field or its body: the first that is there. */
  readonly eventName: string;
  /** Ms since the epoch; 0 where the sender gave none, as Codex does. */
  readonly timeMs: number;
  /** When the exporter saw it. */
  readonly observedMs: number;
  /** Those of the record; what a body that is a map holds stands behind them. */
  readonly attributes: Attributes;
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
}

/** A longer body is no name of an event but a text for people. */
const NAME_CHARS_MAX = 128;

/**
 * Codex names the place in its sources in the field, and the event in the attribute; Claude Code says in the body
 * whose the event in the attribute is.
 */
export function eventNameOf(attributes: Attributes, field: string, body: string): string {
  const named = attributes.get('event.name');
  if (typeof named === 'string' && named !== '') {
    return body.length <= NAME_CHARS_MAX && body.endsWith(`.${named}`) ? body : named;
  }
  if (field !== '') return field;
  return body.length <= NAME_CHARS_MAX ? body : '';
}
