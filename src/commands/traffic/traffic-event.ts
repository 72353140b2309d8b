import type { LlmRequest } from '../../events/llm-request.ts';
import type { LlmResponse } from '../../events/llm-response.ts';

/** An event to be sent, as in a batch. */
export type TypedEvent =
  | { readonly type: 'request'; readonly event: LlmRequest }
  | { readonly type: 'response'; readonly event: LlmResponse };

/** When an event is due, in ms from the beginning of the traffic. */
export type TrafficEvent = TypedEvent & {
  readonly atMs: number;
  /** The last event of its call, by which progress is counted. */
  readonly endsCall: boolean;
};
