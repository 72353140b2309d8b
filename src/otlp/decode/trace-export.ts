/**
 * One ExportTraceServiceRequest after decoding, the same whether it came as protobuf or as JSON.
 *
 * Attributes hold only keys that some part of StreamLens reads (see `key-table.ts`): prompts and answers are
 * never materialised, which keeps them private and makes decoding fast.
 */
export interface TraceExport {
  readonly spans: readonly OtlpSpan[];
}

/** `Uint8Array` is either an OTLP bytes value or UTF-8 text that is decoded only when somebody asks (`late` keys). */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

/** In the order in which they came; each key once. See `attribute-list.ts`. */
export interface Attributes {
  readonly size: number;
  readonly keys: readonly string[];
  /** At the places of their keys. */
  readonly values: readonly AttributeValue[];
  get(key: string): AttributeValue | undefined;
  has(key: string): boolean;
}

export interface OtlpResource {
  readonly attributes: Attributes;
  /** Equal for the spans of one process, however many tracer providers it runs; see `process-key.ts`. */
  readonly processKey: string;
  /** Whether that key names one process for certain, and not all replicas of a service. */
  readonly isOneProcess: boolean;
}

export interface OtlpScope {
  readonly name: string;
  readonly version: string;
}

export interface SpanEvent {
  readonly name: string;
  /** Ms since the epoch, with fractions; 0 where the sender gave none. */
  readonly atMs: number;
  readonly attributes: Attributes;
}

export interface OtlpSpan {
  /** 32 lower-case hex digits where the sender obeys; anything else is refused later, span by span. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer; 0 unspecified. */
  readonly kind: number;
  /** Ms since the epoch, with fractions; 0 where the sender gave none. */
  readonly startMs: number;
  /** From the two instants in ns, hence exact to the ns; null where the span has no end or ends before it starts. */
  readonly durationMs: number | null;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
}

export const STATUS_ERROR = 2;
export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;

/** `ok: false` carries a reason fit for the sender's eyes: the field, what was expected, what came. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** No span of a model call has more; what comes beyond is dropped, as the OTel SDKs do at 128. */
export const SPAN_EVENTS_MAX = 1024;
