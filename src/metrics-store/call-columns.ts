import { KEPT_OF_REQUEST, type KeptOfRequest } from '../events/llm-request.ts';
import { KEPT_OF_RESPONSE, type KeptOfResponse } from '../events/llm-response.ts';
import { ofKind } from '../tally/kinds.ts';
import type { Call, CallFacts } from './call.ts';
import { columnOf, columnsIn } from './tally-columns.ts';

type Place =
  /** Kept as a key of the tenants' dictionary. */
  | 'tenant'
  /** With the tenant, what makes it this call and no other. */
  | 'identity'
  | 'value';

/** Every fact of a call, in the order in which the SQL stores write them. A field that is not here does not compile. */
const CALL_PLACES = {
  tenantId: 'tenant',
  timestampMs: 'identity',
  requestId: 'identity',
  route: 'value',
  model: 'value',
  provider: 'value',
  status: 'value',
  latencyMs: 'value',
  timeToFirstTokenMs: 'value',
  promptTokens: 'value',
  completionTokens: 'value',
  cachedPromptTokens: 'value',
  cacheWriteTokens: 'value',
  reasoningTokens: 'value',
  error: 'value',
  answeredModel: 'value',
  errorKind: 'value',
  costPicoUsd: 'value',
  costSource: 'value',
  reportedCostPicoUsd: 'value',
  listCostPicoUsd: 'value',
  bill: 'value',
} as const satisfies Readonly<Record<keyof CallFacts, Place>>;

export type KeptField = keyof KeptOfRequest | keyof KeptOfResponse;

/** The fields of both events that a call keeps as they were sent. */
export const CALL_KEPT = [...KEPT_OF_RESPONSE, ...KEPT_OF_REQUEST];

const keptOfRequest = KEPT_OF_REQUEST.map(({ field }) => field as keyof KeptOfRequest);
const keptOfResponse = KEPT_OF_RESPONSE.map(({ field }) => field as keyof KeptOfResponse);

export const CALL_VALUES = [...ofKind(CALL_PLACES, 'value'), ...keptOfResponse] as const;
/** What only the request knows: an `answer` leaves these as they are stored. */
export const CALL_REQUEST_ONLY: readonly (keyof KeptOfRequest)[] = keptOfRequest;
export const CALL_FIELDS = [...ofKind(CALL_PLACES, 'identity'), ...CALL_VALUES, ...CALL_REQUEST_ONLY] as const;

export const CALL_COLUMNS: readonly string[] = CALL_FIELDS.map(columnOf);
export const CALL_VALUE_COLUMNS = columnsIn(['calls'], CALL_VALUES);
export const CALL_REQUEST_ONLY_COLUMNS = columnsIn(['calls'], CALL_REQUEST_ONLY);

/** Amounts of money, which a number might not hold. */
export const CALL_MONEY = [
  'costPicoUsd',
  'reportedCostPicoUsd',
  'listCostPicoUsd',
] as const satisfies readonly MoneyField[];

type MoneyField = { [Field in keyof Call]: bigint extends Call[Field] ? Field : never }[keyof Call];
