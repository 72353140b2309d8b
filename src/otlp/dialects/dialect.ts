import type { UsageHabits } from '../usage/settle-usage.ts';
import type { Classification } from './classification.ts';
import type { SpanReader } from './span-reader.ts';

/** Who wrote a span, as far as its numbers depend on it. */
export interface Emitter {
  readonly reader: SpanReader;
  readonly scopeName: string;
  /** In the words of OTel. */
  readonly provider: string | null;
  readonly model: string | null;
}

/** Where a dialect keeps a call's usage. */
export type UsageSource =
  /** Attributes that begin so; the rest of the key names the part. */
  | { readonly prefix: string }
  /** Attributes of these very names. */
  | { readonly keys: readonly string[]; readonly when?: (reader: SpanReader) => boolean }
  /** Numbers among the attributes of an event of this name. */
  | UsageEvent
  | UsageObject;

export interface UsageEvent {
  readonly event: string;
  readonly when: (reader: SpanReader) => boolean;
}

/** One attribute with an object of counts. */
export interface UsageObject {
  readonly object: string;
  /** The usage lies there in the object, at the first of these paths that is there. */
  readonly paths?: readonly string[];
  /** How the object is written; of messages only the searches in them are counted. */
  readonly as: 'json' | 'repr' | 'messages';
  /** It holds anything, and counts only below this prefix. */
  readonly below?: string;
  /** It is what the provider answered, and tells whether the SDK has copied its counts. */
  readonly isAnswer?: boolean;
  /** The wholes in it are the provider's own reckoning beside what the SDK says: only parts are taken. */
  readonly isPartsOnly?: boolean;
  /** Long, since the answer is in it: decoded only when it is read. */
  readonly isLate?: boolean;
}

/** What one SDK does its own way. All that is read of a span beside the mapping table stands in one of these. */
export interface Dialect {
  readonly name: string;
  /** What the span is by this dialect; null where it does not speak it. */
  readonly classify?: (reader: SpanReader) => Classification | null;
  /** Attributes that the rules of this dialect read, beside those of the mapping table and of its usage. */
  readonly keys?: readonly string[];
  /** Keys of attributes that may be long; they are decoded only where a rule asks for them. */
  readonly lateKeys?: readonly string[];
  readonly usage?: readonly UsageSource[];
  /** 0 is believed before all others where they contradict each other, 2 after them; 1 without it. */
  readonly usageTrust?: 0 | 1 | 2;
  /** What is known of its numbers; null where the span is not of this emitter. */
  readonly habits?: (emitter: Emitter) => Partial<UsageHabits> | null;
}
