/** The topics of the contract. The names are public: producers in any language write to the first three. */
export const TOPICS = {
  requests: 'llm.requests',
  responses: 'llm.responses',
  evaluations: 'llm.evaluations',
  metrics: 'llm.metrics',
  deadLetters: 'llm.dead-letter',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/**
 * The topics that the processor reads, all keyed by `request_id` with equal partition counts, so that
 * everything about one call lies in the partitions of one number.
 */
export const INPUT_TOPICS = [TOPICS.requests, TOPICS.responses, TOPICS.evaluations] as const;

export type InputTopic = (typeof INPUT_TOPICS)[number];

/** What one event reports. The word used in batches (`"type"`) and in metrics. */
export type EventType = 'request' | 'response' | 'evaluation';

export const TOPIC_OF: Readonly<Record<EventType, InputTopic>> = {
  request: TOPICS.requests,
  response: TOPICS.responses,
  evaluation: TOPICS.evaluations,
};
