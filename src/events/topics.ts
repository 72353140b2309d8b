/** The topics of the contract. The names are public: producers in any language write to the first four. */
export const TOPICS = {
  requests: 'llm.requests',
  responses: 'llm.responses',
  evaluations: 'llm.evaluations',
  reports: 'llm.reports',
  metrics: 'llm.metrics',
  deadLetters: 'llm.dead-letter',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/**
 * The topics that the processor reads, with equal partition counts. The first three are keyed by `request_id`, so that
 * everything about one call lies in the partitions of one number; reports by what may belong together, see
 * `correlation-key.ts`.
 */
export const INPUT_TOPICS = [TOPICS.requests, TOPICS.responses, TOPICS.evaluations, TOPICS.reports] as const;

export type InputTopic = (typeof INPUT_TOPICS)[number];

/** What one event reports. The word used in batches (`"type"`) and in metrics. */
export type EventType = 'request' | 'response' | 'evaluation';

export const TOPIC_OF: Readonly<Record<EventType, InputTopic>> = {
  request: TOPICS.requests,
  response: TOPICS.responses,
  evaluation: TOPICS.evaluations,
};
