import type { Call } from './call.ts';
import { columnOf } from './tally-columns.ts';

/** The fields that make up a call's identity besides its tenant, then all others, in the order in which the SQL stores keep them. */
export const CALL_IDENTITY = ['timestampMs', 'requestId'] as const satisfies readonly (keyof Call)[];

export const CALL_VALUES = [
  'route',
  'model',
  'provider',
  'status',
  'latencyMs',
  'timeToFirstTokenMs',
  'promptTokens',
  'completionTokens',
  'cachedPromptTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'finishReason',
  'error',
  'answeredModel',
  'costPicoUsd',
] as const satisfies readonly (keyof Call)[];

/** What only the request knows: an `answer` leaves these as they are stored. */
export const CALL_REQUEST_ONLY = ['userIdHash', 'sessionId', 'metadata'] as const satisfies readonly (keyof Call)[];

export const CALL_FIELDS = [...CALL_IDENTITY, ...CALL_VALUES, ...CALL_REQUEST_ONLY] as const;

export const CALL_COLUMNS: readonly string[] = CALL_FIELDS.map(columnOf);
export const CALL_VALUE_COLUMNS: readonly string[] = CALL_VALUES.map(columnOf);
export const CALL_REQUEST_ONLY_COLUMNS: readonly string[] = CALL_REQUEST_ONLY.map(columnOf);
